"""Background: what a model does beside answering."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)


class Background:
    """A thread that does some work again and again, and once more at the end.

    Args:
        work: what is done; an exception is said, and the next round comes.
        seconds: between two rounds.
    """

    def __init__(self, work: Sequence[Callable[[], None]], seconds: float) -> None:
        self._work, self._seconds = tuple(work), seconds
        self._end, self._next = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="background", daemon=True)
        self._thread.start()

    def hurry(self) -> None:
        """Begins the next round now."""
        self._next.set()

    def close(self, timeout: float = 10.0) -> None:
        """Ends the thread after a last round."""
        self._end.set()
        self._next.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._end.is_set():
            self._next.wait(self._seconds)
            self._next.clear()
            self._round()
        self._round()

    def _round(self) -> None:
        for work in self._work:
            try:
                work()
            except Exception:
                logger.exception("%s failed", getattr(work, "__qualname__", work))
