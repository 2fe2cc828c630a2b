"""Waiting for Ctrl-C, whatever handler a library has installed for it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interruption() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets, in the place of an exception.

    Polars answers to the signal itself from when it is imported, and an exception that is raised while something is
    being tidied away is lost: once a command did not end for a minute. Only the main thread can ask for it.
    """
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
