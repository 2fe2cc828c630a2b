"""Gates, one a module."""
