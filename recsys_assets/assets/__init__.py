"""The assets of a recommender."""
