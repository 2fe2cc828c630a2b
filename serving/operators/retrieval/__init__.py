"""The stage of retrieval."""
