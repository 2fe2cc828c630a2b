"""The stage of filtering."""
