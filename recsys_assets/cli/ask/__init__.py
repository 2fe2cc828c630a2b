"""Commands that ask what is live."""
