"""RunLock: one run of a recommender at a time, whoever starts it; a dead one is known to be dead at once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from recsys_assets.files import read_json, write_json
from resources.home import Home

POLL_S = 0.5


@dataclass(frozen=True)
class Holder:
    """Whoever builds a recommender now.

    Args:
        run_id: of the Dagster run.
        started_by: who asked for it, in words.
        since: when it began, ISO 8601 in UTC.
        pid: its process.
    """

    run_id: str
    started_by: str
    since: str
    pid: int

    def __str__(self) -> str:
        return f"run {self.run_id[:8]} (started by {self.started_by}, at {self.since})"


@dataclass(frozen=True)
class RunLock:
    """The right to build one recommender, which the operating system takes back from a process that ends.

    Args:
        folder: where the lock lies, on a disk that all processes share.
    """

    folder: Path

    @classmethod
    def of(cls, home: Home, name: str, served: bool = False) -> RunLock:
        """The lock of a recommender; keeping what was served has one of its own, for it does not touch the chain."""
        return cls(home.recommender(name) / "runs" / ("served" if served else "chain"))

    @contextmanager
    def held(self, run_id: str, started_by: str, waiting: Callable[[Holder | None], None]) -> Iterator[None]:
        """Waits until no other run holds it, and holds it for the body.

        Args:
            run_id: of the run that wants it.
            started_by: who asked for it, in words.
            waiting: told once who holds it, where somebody does.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._alive(run_id):
            lock = FileLock(self.folder / "lock")
            try:
                lock.acquire(blocking=False)
            except Timeout:
                waiting(self.holder())
                lock.acquire(poll_interval=POLL_S)
            try:
                now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                write_json(asdict(Holder(run_id, started_by, now, os.getpid())), self._note)
                yield
            finally:
                self._note.unlink(missing_ok=True)
                lock.release()

    def holder(self) -> Holder | None:
        """Who holds it now; None where nobody does, whatever was noted by a process that was killed."""
        if not self.folder.is_dir() or _free(self.folder / "lock"):
            return None
        try:
            return Holder(**(read_json(self._note) or {}))
        except (TypeError, json.JSONDecodeError):
            return Holder("unknown", "somebody", "just now", 0)  # between taking the lock and writing the note

    def is_alive(self, run_id: str) -> bool | None:
        """Whether the process of a run is there, waiting or at work; None where it was never seen."""
        path = self._sign(run_id)
        return not _free(path) if path.exists() else None

    def bury(self, run_id: str) -> None:
        """Forgets a run that is dead."""
        self._sign(run_id).unlink(missing_ok=True)

    @property
    def _note(self) -> Path:
        return self.folder / "holder.json"

    def _sign(self, run_id: str) -> Path:
        return self.folder / f"{run_id}.alive"

    @contextmanager
    def _alive(self, run_id: str) -> Iterator[None]:
        """A file that is locked as long as the process of a run lives."""
        with FileLock(self._sign(run_id)):
            try:
                yield
            finally:
                self.bury(run_id)


def _free(path: Path) -> bool:
    """Whether nobody has locked a file; it is locked for a moment to find out."""
    try:
        with FileLock(path).acquire(blocking=False):
            return True
    except Timeout:
        return False
