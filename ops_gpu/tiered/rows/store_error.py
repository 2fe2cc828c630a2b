"""The error of a store that cannot be opened, read or written."""

from __future__ import annotations


class StoreError(RuntimeError):
    """A store is missing, half written, damaged or in use by another writer; says which, and what to do."""
