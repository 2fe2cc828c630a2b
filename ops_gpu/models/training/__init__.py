"""What trains a model: rows, batches, progress, and numbers that are none."""
