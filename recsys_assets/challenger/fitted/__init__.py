"""What was fitted, over which days, and which release is live beside it."""
