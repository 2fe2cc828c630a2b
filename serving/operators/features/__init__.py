"""The stage of features."""
