"""Operators over numbers."""
