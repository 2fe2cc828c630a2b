"""Commands about what is live."""
