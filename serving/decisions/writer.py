"""DecisionLog: what was recommended and why, in Parquet files by day, written beside the answering."""

from __future__ import annotations

import itertools
import json
import logging
import os
import random
import shutil
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ops_gpu.primitives.atomic_file import atomic_file
from serving.decisions.files import NUMBER
from serving.decisions.logged_answers import LoggedAnswers
from serving.decisions.trace import Trace
from serving.ensemble.ensemble import EnsembleAnswer
from serving.release.release import Release
from serving.request.columns import Columns
from serving.request.frames import to_frame

if TYPE_CHECKING:
    import polars as pl

logger = logging.getLogger(__name__)
MOST_WAITING = 20_000
"""Users whose decisions may wait to be written; more are dropped and counted, so that memory stays bounded."""
SMALL_FILES = 48
"""Files of one process and day that are joined to one, and again so many of those."""
LARGE_FILE = 32 * 2**20
"""Bytes from which on files are not joined any more."""


@dataclass(frozen=True)
class LogSettings:
    """Where and how much is logged.

    Args:
        folder: of the log of one recommender; its files are `day=YYYY-MM-DD/*.parquet`.
        rate: share of requests logged, 0 to 1.
        keep_days: days after which a day's folder is deleted.
    """

    folder: Path
    rate: float = 1.0
    keep_days: int = 30


class DecisionLog:
    """Takes in answered passes at the cost of an append; another thread calls `gather` often and `flush` now and then.

    One row a user in a request: `request` (its id), `row` (of the user in it), `time`, `release`, `decision` (a
    number that no other answered request has, int64), and the columns of `Evidence`. What cannot be written (disk
    full) is lost, counted and said; answering goes on.
    A file is written at every flush, so that a decision can be looked up at once; small ones are joined.

    Args:
        settings: where and how much.
        release: that answers.
        evidence: of its bound ensemble.
        names: bits by name, `{"source": {...}, "reason": {...}}`, noted in every file.
    """

    def __init__(
        self, settings: LogSettings, release: Release, evidence: Trace, names: dict[str, dict[str, int]]
    ) -> None:
        self._settings, self._release, self._evidence = settings, release, evidence
        self._notes = {"recommender": release.name, "release": release.hash, "bits": json.dumps(names)}
        self._waiting: deque[LoggedAnswers] = deque()
        self._gathered: list[LoggedAnswers] = []
        self._small: dict[tuple[date, int], list[Path]] = {}
        self._written = 0
        self._recorded = self._refused = 0  # changed by the thread that answers alone,
        self._taken = self._lost = self._logged = 0  # and these by the one that writes
        self._random = random.Random()
        # From somewhere in the first half of int64: two processes of one release begin far from each other.
        self._numbers = itertools.count(random.SystemRandom().getrandbits(62))

    @property
    def logged(self) -> int:
        """Rows that were written."""
        return self._logged

    @property
    def dropped(self) -> int:
        """Rows that were lost."""
        return self._refused + self._lost

    @property
    def is_filling(self) -> bool:
        """Whether so much waits that it should be written soon."""
        return self._recorded - self._taken > MOST_WAITING // 4

    def record(self, requests: Sequence[str], rows: Sequence[int], batch: Columns, answer: EnsembleAnswer) -> None:
        """Notes a pass.

        Args:
            requests: ids of the requests that were answered together.
            rows: users of each.
            batch: their columns, all together.
            answer: to them.
        """
        rate = self._settings.rate
        kept = tuple(self._random.random() < rate for _ in requests)
        if not any(kept):
            return
        if self._recorded - self._taken >= MOST_WAITING:
            self._refused += sum(itertools.compress(rows, kept))
            return
        self._recorded += sum(rows)  # all of them are held
        seen, moments = self._evidence.seen(batch, answer), (time.time_ns(),) * len(requests)
        numbers = tuple(itertools.islice(self._numbers, len(requests)))
        self._waiting.append(LoggedAnswers(moments, numbers, tuple(requests), tuple(rows), kept, seen))

    def gather(self) -> None:
        """Puts together what has come in: a little work at a time, while requests wait for the interpreter."""
        passes = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not passes:
            return
        try:
            self._gathered.append(LoggedAnswers.joined(passes, self._evidence))
        except Exception as error:
            self._lose(passes, error)

    def flush(self) -> None:
        """Writes what waits, a file a day that it touches."""
        self.gather()
        parts, self._gathered = self._gathered, []
        if not parts:
            return
        try:
            frame = self._frame(LoggedAnswers.joined(parts, self._evidence))
            for (day,), part in frame.group_by(frame["time"].dt.date().alias("day"), maintain_order=True):
                self._write(day, part)  # type: ignore[arg-type]
                self._logged += part.height
        except Exception as error:  # a full disk, or whatever else: it must not reach those who ask
            self._lose(parts, error)
        else:
            self._taken += sum(sum(one.rows) for one in parts)

    def _lose(self, parts: Sequence[LoggedAnswers], error: Exception) -> None:
        requests = sum(len(one.requests) for one in parts)
        logger.error("%d requests of %s were not logged: %s", requests, self._release.name, error)
        self._lost += sum(one.users for one in parts)
        self._taken += sum(sum(one.rows) for one in parts)

    def _frame(self, answered: LoggedAnswers) -> pl.DataFrame:
        import polars as pl

        sizes = answered.rows
        each = np.repeat(np.arange(len(sizes)), sizes)
        heads = pl.DataFrame(
            {
                "request": pl.Series(answered.requests, dtype=pl.String).gather(each),
                "row": np.concatenate([np.arange(size, dtype=np.int32) for size in sizes]),
                "time": pl.Series(np.array(answered.moments)[each] // 1_000).cast(pl.Datetime("us", "UTC")),
                "release": pl.repeat(self._release.hash, len(each), eager=True),
                NUMBER: pl.Series(answered.numbers, dtype=pl.Int64).gather(each),
            }
        )
        frame = heads.hstack(to_frame(self._evidence.of(answered.seen)))
        return frame if all(answered.kept) else frame.filter(pl.Series(answered.kept).gather(each))

    def _write(self, day: date, frame: pl.DataFrame) -> None:
        folder = self._settings.folder / f"day={day}"
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            self._forget()
        path = self._saved(folder, frame)
        try:
            self._join(day, 0, path)
        except Exception as error:  # nothing is lost
            logger.warning("Small files in %s were not joined: %s", folder, error)

    def _join(self, day: date, level: int, path: Path) -> None:
        """Joins files once there are many of one size."""
        import polars as pl

        files = self._small.setdefault((day, level), [])
        files.append(path)
        if len(files) < SMALL_FILES:
            return
        self._small[day, level] = []
        if sum(file.stat().st_size for file in files) > LARGE_FILE:
            return
        together = self._saved(path.parent, pl.read_parquet(files))
        for file in files:
            file.unlink(missing_ok=True)
        self._join(day, level + 1, together)

    def _saved(self, folder: Path, frame: pl.DataFrame) -> Path:
        self._written += 1
        path = folder / f"{time.time_ns()}-{self._release.hash[:12]}-{os.getpid()}-{self._written}.parquet"
        with atomic_file(path) as aside:
            frame.write_parquet(aside, metadata=self._notes)
        return path

    def _forget(self) -> None:
        """Deletes days that are older than is to be kept, of decisions and of comparisons (`shadow/`)."""
        oldest = datetime.now(UTC).date() - timedelta(days=self._settings.keep_days)
        for folder in (*self._settings.folder.glob("day=*"), *self._settings.folder.glob("*/day=*")):
            if folder.name.removeprefix("day=") < str(oldest):
                shutil.rmtree(folder, ignore_errors=True)
