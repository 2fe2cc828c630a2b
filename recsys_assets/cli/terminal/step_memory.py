"""StepMemory: the most memory that a run's processes took in each of its steps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil

EVERY_S = 0.1


@dataclass
class StepMemory:
    """Looks ten times a second at a process and those that it has started.

    Shared memory counts once for each process, so that the sum is an upper bound.

    Args:
        step: the step that is going; empty between steps.
        peaks: bytes, by step.
    """

    step: str = ""
    peaks: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def of(self, pid: int) -> Iterator[None]:
        """While this is open, the memory of a process and its children is noted for the step that is going."""
        done = threading.Event()
        thread = threading.Thread(target=self._look, args=(pid, done), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _look(self, pid: int, done: threading.Event) -> None:
        while not done.wait(EVERY_S):
            step, taken = self.step, _resident(pid)
            if step:
                self.peaks[step] = max(self.peaks.get(step, 0), taken)


def _resident(pid: int) -> int:
    """Resident bytes of a process and its children; 0 once it has ended."""
    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                total += one.memory_info().rss
    return total
