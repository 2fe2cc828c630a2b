"""The stage of scoring."""
