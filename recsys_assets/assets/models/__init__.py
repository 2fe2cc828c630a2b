"""Assets of models: both, the index, and what they are worth."""
