"""What everything stands on: ragged arrays, kernels, hashes, bounds, and files that are whole or not there."""
