"""RunLock: one run of a recommender at a time, whoever starts it; a dead one is known to be dead at once."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from recsys_assets.files import read_json, write_json
from resources.home import Home

POLL_S = 0.5
GLANCE_S = 0.2
"""How long somebody who only looks may keep the lock, which is microseconds, and nobody waits for."""


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
        """Shows that a run lives, waits until no other run holds the lock, and holds it for the body.

        Args:
            run_id: of the run that wants it.
            started_by: who asked for it, in words.
            waiting: told once who holds it, where somebody does.
        """
        with self.alive(run_id), self.taken(run_id, started_by, waiting):
            yield

    @contextmanager
    def alive(self, run_id: str) -> Iterator[None]:
        """A sign of life of a run: a file that is locked as long as its process lives.

        It is there only once it is locked: one that is not is a sign of a death.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        sign = self._sign(run_id)
        aside = sign.with_suffix(".new")
        with FileLock(aside):
            aside.rename(sign)
            try:
                yield
            finally:
                self.bury(run_id)

    @contextmanager
    def taken(self, run_id: str, started_by: str, waiting: Callable[[Holder | None], None]) -> Iterator[None]:
        """As `held`, for a run that shows that it lives already."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=GLANCE_S, poll_interval=GLANCE_S / 20)
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
        deadline = time.monotonic() + GLANCE_S
        while _is_locked(self.folder / "lock"):
            if note := self._noted():
                return note
            if time.monotonic() > deadline:
                return Holder("unknown", "somebody", "just now", 0)
            time.sleep(GLANCE_S / 20)  # the note is written after the lock is taken, and goes before it is given back
        return None

    def is_alive(self, run_id: str) -> bool | None:
        """Whether the process of a run is there, waiting or at work; None where it was never seen, or has ended."""
        return _is_locked(self._sign(run_id))

    def bury(self, run_id: str) -> None:
        """Forgets a run that is dead."""
        self._sign(run_id).unlink(missing_ok=True)

    def _noted(self) -> Holder | None:
        try:
            return Holder(**(read_json(self._note) or {}))
        except (TypeError, json.JSONDecodeError, FileNotFoundError):
            return None

    @property
    def _note(self) -> Path:
        return self.folder / "holder.json"

    def _sign(self, run_id: str) -> Path:
        return self.folder / f"{run_id}.alive"


def _is_locked(path: Path) -> bool | None:
    """Whether somebody has locked a file; None where there is none.

    It is locked for a moment to find out, beside whoever else does so: two that look do not see each other.
    """
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(file), path.stat()):
            return False
    except BlockingIOError:
        return True
    except FileNotFoundError:  # a run that ends takes its sign away first
        return None
    finally:
        os.close(file)
    return _is_locked(path)  # another one has begun there meanwhile
