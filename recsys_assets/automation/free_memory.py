"""Giving memory back between the steps of a run: what one asset needed, the next one has no use for."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Returns memory that is free to the system, where the C library can (glibc).

    A run is one process, and the allocator keeps what was freed for a next time that does not come: without this, a run
    holds at its end the most that any of its steps needed, beside the server that it starts.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
