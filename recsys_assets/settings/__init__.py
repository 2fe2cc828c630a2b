"""The YAML of a recommender."""
