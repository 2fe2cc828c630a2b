"""Operators that look at other rows, leave rows out, or bring columns in."""
