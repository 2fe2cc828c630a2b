"""Waiting for Ctrl-C, whatever handler a library has installed for it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LOOK_S = 0.2


@dataclass
class Interruption:
    """Whether Ctrl-C was pressed.

    A plain flag: a handler runs between any two steps of the main thread, which may hold the lock of whatever else it
    could set.

    Args:
        came: it was.
    """

    came: bool = False

    def wait(self, seconds: float = LOOK_S) -> bool:
        """Sleeps for a while at most; whether it was pressed by then."""
        if not self.came:
            time.sleep(seconds)
        return self.came


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Notes Ctrl-C, in the place of an exception.

    Polars answers to the signal itself from when it is imported, and an exception that is raised while something is
    being tidied away is lost: once a command did not end for a minute. Only the main thread can ask for it.
    """
    found = Interruption()

    def note(*_: object) -> None:
        found.came = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield found
    finally:
        signal.signal(signal.SIGINT, before)
