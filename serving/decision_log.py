"""DecisionLog: what was recommended and why, in Parquet files by day, written beside the answering."""

from __future__ import annotations

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

from serving.ensemble import Answer
from serving.evidence import Evidence, joined
from serving.frames import to_frame
from serving.operators.base import Columns
from serving.release import Release

if TYPE_CHECKING:
    import polars as pl

logger = logging.getLogger(__name__)
MOST_WAITING = 20_000
"""Passes that may wait to be written; more are dropped and counted, so that memory stays bounded."""
SMALL_FILES = 48
"""Files of one process and day that are joined to one."""


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


@dataclass(frozen=True)
class _Pass:
    moment: int
    requests: tuple[str, ...]
    rows: tuple[int, ...]
    kept: tuple[bool, ...]
    batch: Columns
    answer: Answer


class DecisionLog:
    """Takes in answered passes at the cost of an append; `flush`, called by another thread, writes them.

    One row a user in a request: `request` (its id), `row` (of the user in it), `time`, `release`, and the
    columns of `Evidence`. What cannot be written (disk full) is lost and said; answering goes on.

    Args:
        settings: where and how much.
        release: that answers.
        evidence: of its bound ensemble.
        names: bits by name, `{"source": {...}, "reason": {...}}`, noted in every file.
    """

    def __init__(self, settings: LogSettings, release: Release, evidence: Evidence, names: dict[str, dict[str, int]]):
        self._settings, self._release, self._evidence = settings, release, evidence
        self._notes = {"recommender": release.name, "release": release.hash, "bits": json.dumps(names)}
        self._waiting: deque[_Pass] = deque()
        self._written = 0
        self._small: dict[date, list[Path]] = {}
        self.logged = 0
        self.dropped = 0

    def record(self, requests: Sequence[str], rows: Sequence[int], batch: Columns, answer: Answer) -> None:
        """Notes a pass.

        Args:
            requests: ids of the requests that were answered together.
            rows: users of each.
            batch: their columns, all together.
            answer: to them.
        """
        rate = self._settings.rate
        kept = tuple(rate >= 1.0 or random.random() < rate for _ in requests)
        if not any(kept):
            return
        if len(self._waiting) >= MOST_WAITING:
            self.dropped += len(requests)
            return
        self._waiting.append(_Pass(time.time_ns(), tuple(requests), tuple(rows), kept, batch, answer))

    def flush(self) -> None:
        """Writes what waits, a file a day that it touches."""
        passes = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not passes:
            return
        try:
            frame = self._frame(passes)
            for (day,), part in frame.group_by(frame["time"].dt.date().alias("day"), maintain_order=True):
                self._write(day, part)  # type: ignore[arg-type]
            self.logged += frame.height
        except Exception as error:  # a full disk, or whatever else: it must not reach those who ask
            self.dropped += sum(len(one.requests) for one in passes)
            logger.error("%d decisions of %s were not logged: %s", len(passes), self._release.name, error)

    def _frame(self, passes: Sequence[_Pass]) -> pl.DataFrame:
        import polars as pl

        evidence = self._evidence.named(joined([self._evidence.of(one.batch, one.answer) for one in passes]))
        sizes = [count for one in passes for count in one.rows]
        kept = np.repeat([kept for one in passes for kept in one.kept], sizes)
        moments = np.repeat([one.moment // 1_000 for one in passes], [sum(one.rows) for one in passes])
        heads = pl.DataFrame(
            {
                "request": pl.Series([name for one in passes for name in one.requests]).gather(
                    np.repeat(np.arange(len(sizes)), sizes)
                ),
                "row": np.concatenate([np.arange(size, dtype=np.int32) for size in sizes]),
                "time": pl.Series(moments).cast(pl.Datetime("us", "UTC")),
                "release": pl.repeat(self._release.hash, len(kept), eager=True),
            }
        )
        return pl.concat([heads, to_frame(evidence)], how="horizontal").filter(pl.Series(kept))

    def _write(self, day: date, frame: pl.DataFrame) -> None:
        folder = self._settings.folder / f"day={day}"
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            self._forget()
        small = self._small.setdefault(day, [])
        small.append(self._saved(folder, frame))
        if len(small) >= SMALL_FILES:
            import polars as pl

            together = self._saved(folder, pl.read_parquet(small))
            for path in small:
                path.unlink(missing_ok=True)
            small.clear()
            logger.debug("joined %d files of decisions to %s", SMALL_FILES, together.name)

    def _saved(self, folder: Path, frame: pl.DataFrame) -> Path:
        self._written += 1
        path = folder / f"{self._release.hash[:12]}-{os.getpid()}-{time.time_ns()}-{self._written}.parquet"
        aside = path.with_name(f".{path.name}")
        try:
            frame.write_parquet(aside, metadata=self._notes)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
        return path

    def _forget(self) -> None:
        """Deletes days that are older than is to be kept."""
        oldest = datetime.now(UTC).date() - timedelta(days=self._settings.keep_days)
        for folder in self._settings.folder.glob("day=*"):
            if folder.name.removeprefix("day=") < str(oldest):
                shutil.rmtree(folder, ignore_errors=True)
