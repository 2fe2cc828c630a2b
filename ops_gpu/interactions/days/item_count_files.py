"""ItemCountFiles: the counts of days as Parquet files, made wherever an engine runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from ops_gpu.interactions.days.day_stamp import day_stamp
from ops_gpu.interactions.days.item_counts import ItemCounts
from ops_gpu.interactions.days.past_days import read_day
from ops_gpu.interactions.item_state_config import ItemStateConfig
from ops_gpu.interactions.utc_days import day_end
from ops_gpu.primitives.atomic_file import atomic_file


class CountedDay(NamedTuple):
    """A day, and how many items and events it has."""

    day: date
    items: int
    events: int


@dataclass(frozen=True)
class ItemCountFiles:
    """Counts days and writes what was counted: `engine.map(files, days)`.

    Args:
        events: canonical interactions, a Parquet file a day.
        counts: where the counts of each of these days go.
        config: half-lives.
        code: version of what counts; counts of another one are others, of the same events too.
    """

    events: Mapping[date, Path]
    counts: Mapping[date, Path]
    config: ItemStateConfig
    code: str = ""

    def wanted(self, day: date) -> str:
        """What the file of a day is to say of its content."""
        return f"{self.code} {day_stamp(self.events[day])}".strip()

    def __call__(self, day: date) -> CountedDay:
        """Counts one day."""
        content = self.wanted(day)  # of what is there before it is read
        counted = ItemCounts.count(read_day(self.events[day]), day_end(day), self.config)
        with atomic_file(self.counts[day]) as aside:
            counted.save(aside, content)
        return CountedDay(day, counted.frame.height, int(counted.frame["seen"].sum()))
