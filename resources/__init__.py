"""Resources of the pipeline, and the home."""
