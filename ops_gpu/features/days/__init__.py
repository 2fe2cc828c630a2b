"""Feature rows of days: every event with what was known just before it, at the cost of its day."""
