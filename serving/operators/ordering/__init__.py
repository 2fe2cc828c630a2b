"""The stage of ordering."""
