"""Both models together, fitted so that the second never sees what the first learned from."""
