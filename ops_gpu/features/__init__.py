"""Features of users, items and pairs, in the order of codes."""
