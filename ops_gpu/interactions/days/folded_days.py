"""FoldedDays: what days come to together, merged once for each stretch of days and kept on disk."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from ops_gpu.interactions.days.day_span import DaySpan, spans_before
from ops_gpu.interactions.days.day_stamp import day_stamp
from ops_gpu.primitives.atomic_directory import atomic_directory, remove_directory

EPOCH = date(1970, 1, 1)
KEPT_SECONDS = 3600
"""How long what nobody asks for any more is left to those who may be reading it."""


@dataclass(frozen=True)
class Fold:
    """What a stretch of days comes to.

    Args:
        span: the days.
        path: the file of the day where it is a single one that has a file, else a folder of what was merged.
    """

    span: DaySpan
    path: Path

    @property
    def is_day(self) -> bool:
        """Whether it is a day as it was written, and nothing merged."""
        return self.span.days == 1


Merge = Callable[[Sequence[Fold], DaySpan, Path], None]
"""Writes what some folds, in order of time, come to at the end of a span into a folder, which is there."""


@dataclass(frozen=True)
class FoldedDays:
    """The state at any moment as few files, whatever the number of days before it.

    Merging must be associative. A merged folder is named after what went into it: whatever happens to a day, before or
    after, only the stretches that hold it are merged again, and what was cut off in the middle is not found. All of it
    can be removed at any time.

    A new day costs itself and, every 8, 64, 512 days, a merge of as many: each event is written some three times in
    ten years.

    Args:
        days: a file a day.
        folder: where to keep what was merged.
        merge: merges.
        stamp: tells one content of a day's file from another.
        code: version of what merges.
    """

    days: Mapping[date, Path]
    folder: Path
    merge: Merge
    stamp: Callable[[Path], str] = day_stamp
    code: str = ""

    def before(self, end: date) -> list[Fold]:
        """What all days before `end` come to, as folds in order of time: at most 7 of each length, and none of nothing.

        Raises:
            FileNotFoundError: when a day's file is gone.
        """
        if not self.days:
            return []
        first = (min(self.days) - EPOCH).days
        found = (self._fold(span) for span in spans_before((end - EPOCH).days, first))
        return [fold for fold in found if fold is not None]

    @cached_property
    def _stamps(self) -> dict[int, str]:
        """What tells one state of a day's file from another, by day, in order."""
        return {(day - EPOCH).days: f"{day} {self.stamp(path)}" for day, path in sorted(self.days.items())}

    def _fold(self, span: DaySpan) -> Fold | None:
        inside = [day for day in self._stamps if day in span] if span.days > 1 else [span.first]
        inside = [day for day in inside if day in self._stamps]
        if len(inside) <= 1:
            return self._day(inside[0]) if inside else None
        key = hashlib.sha256("\n".join([self.code, *(self._stamps[day] for day in inside)]).encode()).hexdigest()[:16]
        target = self.folder / str(span.days) / f"{EPOCH + timedelta(span.first)}-{key}"
        if not target.exists():
            parts = [fold for fold in map(self._fold, span.parts()) if fold is not None]
            with atomic_directory(target) as aside:
                self.merge(parts, span, aside)
            _forget(target)
        with suppress(FileNotFoundError):
            os.utime(target)  # who still reads it when other files take its place has an hour
        return Fold(span, target)

    def _day(self, day: int) -> Fold:
        return Fold(DaySpan(day, 1), self.days[EPOCH + timedelta(day)])


def _forget(target: Path) -> None:
    """Removes what the same days came to before, unless somebody may still be reading it."""
    first = target.name[: len("2000-01-01")]
    for other in target.parent.glob(f"{first}-*"):
        with suppress(FileNotFoundError):
            if other != target and time.time() - other.stat().st_mtime > KEPT_SECONDS:
                remove_directory(other)
