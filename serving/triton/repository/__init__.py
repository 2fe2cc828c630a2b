"""The model repository: what is written for a server to load."""
