"""Models that score candidates."""
