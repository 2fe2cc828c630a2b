"""PeriodicWorker: what a model does beside answering."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

logger = logging.getLogger(__name__)


class PeriodicWorker:
    """A thread that does some work again and again, and once more at the end.

    Args:
        work: what is done, in this order, and how many seconds lie between two times; an exception is said, and the
            next time comes.
    """

    def __init__(self, work: Mapping[Callable[[], None], float]) -> None:
        self._work = dict(work)
        self._end, self._next = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="background", daemon=True)
        self._thread.start()

    def hurry(self) -> None:
        """Does all of the work now."""
        self._next.set()

    def close(self, timeout: float = 10.0) -> None:
        """Ends the thread after it has done all of the work once more."""
        self._end.set()
        self._next.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        due = {work: time.monotonic() + seconds for work, seconds in self._work.items()}
        while not self._end.is_set():
            self._next.wait(max(0.0, min(due.values()) - time.monotonic()))
            if hurried := self._next.is_set():
                self._next.clear()
            for work, seconds in self._work.items():
                if not self._end.is_set() and (hurried or due[work] <= time.monotonic()):
                    _done(work)
                    due[work] = time.monotonic() + seconds
        for work in self._work:
            _done(work)


def _done(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        logger.exception("%s failed", getattr(work, "__qualname__", work))
