"""Clients of a live recommender."""
