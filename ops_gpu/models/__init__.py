"""Models of retrieval and ranking."""
