"""WriteOrder: one writer at a time, and readers who notice what was written while they read."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ops_gpu.primitives.stable_hash import Hashes

KEPT = 64
"""Writes that are remembered; a reader who took longer than these takes it that his keys were among them."""


class WriteOrder:
    """Optimistic reading: a reader takes a mark, reads without a lock, and asks whether it was disturbed.

    Writes are numbered and remembered by the keys that they touch; at most one is going on. A reader was disturbed
    by every write of its keys that was not over by its mark.
    """

    def __init__(self) -> None:
        self._writing = threading.Lock()
        self._guard = threading.Lock()  # of all below
        self._begun = self._ended = 0
        self._tags: deque[Hashes | None] = deque(maxlen=KEPT)

    def mark(self) -> int:
        """Where writes stand."""
        with self._guard:
            return self._ended

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody writes within."""
        with self._writing:
            yield

    @contextmanager
    def writing(self, tags: Hashes | None) -> Iterator[None]:
        """A write of the keys of these tags; None may touch any key."""
        with self._writing:
            with self._guard:
                self._begun += 1
                self._tags.append(None if tags is None else np.sort(tags))
            try:
                yield
            finally:
                with self._guard:
                    self._ended = self._begun

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Within, no reader may find itself undisturbed: a writer changes what readers have offered to each other."""
        with self._guard:
            yield

    @contextmanager
    def undisturbed(self, mark: int, tags: Hashes) -> Iterator[bool]:
        """Whether no write since the mark touches one of these keys; it stays so within."""
        with self._guard:
            number = self._begun - mark
            recent = list(self._tags)[len(self._tags) - number :] if number <= len(self._tags) else [None]
            yield not any(write is None or _meet(write, tags) for write in recent)


def _meet(write: Hashes, tags: Hashes) -> bool:
    """Whether sorted tags and others have one in common."""
    if not len(write):
        return False
    places = np.minimum(np.searchsorted(write, tags), len(write) - 1)
    return bool((write[places] == tags).any())
