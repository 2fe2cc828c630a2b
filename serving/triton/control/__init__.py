"""How a server is asked and told what to load."""
