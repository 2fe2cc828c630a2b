"""Sources of candidates, one a module, and the index over item vectors."""
