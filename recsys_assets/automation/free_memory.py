"""Giving memory back between the steps of a run: what one asset needed, the next one has no use for."""

from __future__ import annotations

import ctypes
import gc
import math
import sys
import time
from collections.abc import Callable

ARENA_MAX, MMAP_THRESHOLD = -8, -3
"""Numbers of settings of glibc's `mallopt` (malloc.h)."""
ARENAS, LARGE = 2, 4 << 20
REST = 9.0
"""Seconds between two times, for each that the last one took."""


def keep_little() -> None:
    """Makes the C library (glibc) give blocks of 4 MB and more back as soon as they are freed.

    Left alone it raises that size to the largest block that was ever freed, 32 MB at most, and keeps a heap for each of
    many threads: of the log of a million events a run then held 0.25 GB more.
    """
    options = getattr(ctypes.CDLL(None), "mallopt", None)
    if options is not None:
        options(ARENA_MAX, ARENAS)
        options(MMAP_THRESHOLD, LARGE)


class GiveBack:
    """Returns memory that is free to the system: that of Keras, of Arrow, and of the C library where it can (glibc).

    A run is one process, and the allocator keeps what was freed for a next time that does not come: without this, a run
    holds at its end the most that any of its steps needed, beside the server that it starts. Models refer to themselves
    in circles, which nothing else finds in time.

    Looking for circles takes half a second where Dagster and TensorFlow are loaded, and a run has dozens of steps that
    take less: it is done at most for a tenth of the time, so that what a short step leaves behind waits for the next.

    Args:
        clock: tells seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._done, self._took = clock, -math.inf, 0.0

    def __call__(self) -> bool:
        """Gives back; whether it was time to."""
        begin = self._clock()
        if begin < self._done + REST * self._took:
            return False
        give_back()
        self._done = self._clock()
        self._took = self._done - begin
        return True


def give_back() -> None:
    """Gives back at once."""
    keras, arrow = sys.modules.get("keras"), sys.modules.get("pyarrow")
    if keras is not None:
        keras.utils.clear_session(free_memory=False)  # the graphs of models that are gone
    gc.collect()
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
