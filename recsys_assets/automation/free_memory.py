"""Giving memory back between the steps of a run: what one asset needed, the next one has no use for."""

from __future__ import annotations

import ctypes
import gc
import sys

ARENA_MAX, MMAP_THRESHOLD = -8, -3
"""Numbers of settings of glibc's `mallopt` (malloc.h)."""
ARENAS, LARGE = 2, 1 << 20


def keep_little() -> None:
    """Makes the C library (glibc) give blocks of a megabyte and more back as soon as they are freed.

    Left alone it raises that size to the largest block that was ever freed, 32 MB at most, and keeps a heap for each of
    many threads: of the log of a million events a run then held 0.25 GB more.
    """
    options = getattr(ctypes.CDLL(None), "mallopt", None)
    if options is not None:
        options(ARENA_MAX, ARENAS)
        options(MMAP_THRESHOLD, LARGE)


def give_back() -> None:
    """Returns memory that is free to the system: that of Keras, of Arrow, and of the C library where it can (glibc).

    A run is one process, and the allocator keeps what was freed for a next time that does not come: without this, a run
    holds at its end the most that any of its steps needed, beside the server that it starts. Models refer to themselves
    in circles, which nothing else finds in time.
    """
    keras, arrow = sys.modules.get("keras"), sys.modules.get("pyarrow")
    if keras is not None:
        keras.utils.clear_session(free_memory=False)  # the graphs of models that are gone
    gc.collect()
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
