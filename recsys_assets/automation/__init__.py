"""What runs by itself, and one run at a time."""
