"""Operators that give codes."""
