"""Giving memory back between the steps of a run: what one asset needed, the next one has no use for."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Returns memory that is free to the system: that of Arrow, and of the C library where it can (glibc).

    A run is one process, and the allocator keeps what was freed for a next time that does not come: without this, a run
    holds at its end the most that any of its steps needed, beside the server that it starts.
    """
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
