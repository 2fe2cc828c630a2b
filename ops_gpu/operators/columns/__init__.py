"""Operators that change what a column is called, means or holds."""
