"""Events, histories and the state of items as of a moment."""
