"""Columns as tensors of Triton, and back."""
