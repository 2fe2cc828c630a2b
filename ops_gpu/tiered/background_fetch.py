"""BackgroundFetch: keys that nobody waits for."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from ops_gpu.tiered.rows.keys import KeyBatch

MOST_KEYS = 1_000_000

log = logging.getLogger(__name__)


class BackgroundFetch:
    """A thread that fetches batches of keys, one after the other.

    Args:
        fetch: reads a batch and offers it to the tiers above.
        most: keys that may wait; further ones are let go, and come again when they are asked for again.
    """

    def __init__(self, fetch: Callable[[KeyBatch], object], most: int = MOST_KEYS) -> None:
        self._fetch, self._most = fetch, most
        self._waiting: deque[KeyBatch] = deque()
        self._keys, self._busy, self._closed = 0, False, False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="store-fetch", daemon=True)
        self._thread.start()

    def add(self, batch: KeyBatch) -> None:
        """Takes a batch, unless too many keys wait already."""
        with self._changed:
            if self._keys + len(batch) <= self._most and not self._closed:
                self._waiting.append(batch)
                self._keys += len(batch)
                self._changed.notify_all()

    def join(self, timeout: float | None = None) -> bool:
        """Waits until nothing is left to fetch; whether it came to that."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, timeout)

    def close(self) -> None:
        """Ends after the batch at hand."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                batch = self._waiting.popleft()
                self._keys -= len(batch)
                self._busy = True
            try:
                self._fetch(batch)
            except Exception as error:  # the next batch may fare better
                log.warning("%d keys could not be fetched: %s", len(batch), error)
