"""Filters and orderings as the YAML says them."""
