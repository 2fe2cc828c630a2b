"""The error of a Triton server."""

from __future__ import annotations


class TritonError(RuntimeError):
    """What a Triton server refused or failed to do."""
