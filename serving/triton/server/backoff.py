"""Backoff: what failed is tried again later, and later each time."""

from __future__ import annotations

import time
from collections.abc import Callable

FIRST, LONGEST = 10.0, 300.0


class Backoff:
    """Names that are left alone for a while.

    Args:
        clock: gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, tuple[float, float]] = {}

    def add(self, name: str) -> float:
        """Notes a failure; gives the seconds until the next try, twice as many as the last time."""
        pause = min(LONGEST, 2 * self._until[name][0]) if name in self._until else FIRST
        self._until[name] = pause, self._clock() + pause
        return pause

    def now(self) -> set[str]:
        """Names that are not to be tried yet."""
        return {name for name, (_, until) in self._until.items() if until > self._clock()}
