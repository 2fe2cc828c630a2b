"""ProcessWatch: notices at once when a server or one of its backend processes ends."""

from __future__ import annotations

import contextlib
import os
import select
from collections import Counter
from pathlib import Path

import psutil

from serving.triton.server.backends import STUB


class ProcessWatch:
    """Watches a server's backend processes ("stubs": one an instance of a model).

    Triton itself notices a dead one only when a request comes, and then takes itself down.

    Args:
        pid: of the server.

    Raises:
        ProcessLookupError: when there is no such process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._poll = select.poll()
        self._server = os.pidfd_open(pid)
        self._stubs: dict[int, int] = {}
        self._poll.register(self._server, select.POLLIN)

    def wait(self, seconds: float) -> bool:
        """Sleeps until a process ends, at most so long; whether the server still runs."""
        ended = {fd for fd, _ in self._poll.poll(seconds * 1e3)}
        for pid, fd in list(self._stubs.items()):
            if fd in ended:
                self._forget(pid)
        return self._server not in ended

    def living(self) -> Counter[str]:
        """How many stubs of each model live; from now on, their end ends a `wait`."""
        found: Counter[str] = Counter()
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self._pid).children():
                with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    model = _model(process)
                    if model is not None and self._follow(process.pid):
                        found[model] += 1
        return found

    def close(self) -> None:
        """Ends the watch."""
        for pid in list(self._stubs):
            self._forget(pid)
        os.close(self._server)

    def _follow(self, pid: int) -> bool:
        if pid not in self._stubs:
            try:
                self._stubs[pid] = os.pidfd_open(pid)
            except ProcessLookupError:
                return False
            self._poll.register(self._stubs[pid], select.POLLIN)
        return True

    def _forget(self, pid: int) -> None:
        fd = self._stubs.pop(pid)
        self._poll.unregister(fd)
        os.close(fd)


def _model(process: psutil.Process) -> str | None:
    """The model that a process is a living stub of: it is called with the path `.../MODEL/VERSION/model.py`."""
    words = process.cmdline()
    if process.status() == psutil.STATUS_ZOMBIE or len(words) < 2 or Path(words[0]).name != STUB:
        return None
    return Path(words[1]).parents[1].name
