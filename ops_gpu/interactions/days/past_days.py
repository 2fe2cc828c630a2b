"""PastDays: what was known at the beginning of any day, at the cost of that day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import polars as pl

from ops_gpu.interactions.days.day_span import DaySpan
from ops_gpu.interactions.days.day_stamp import EVENT
from ops_gpu.interactions.days.folded_days import EPOCH, Fold, FoldedDays
from ops_gpu.interactions.days.history_run import HistoryRun
from ops_gpu.interactions.days.item_accumulator import ItemAccumulator
from ops_gpu.interactions.days.item_counts import ItemCounts, half_lives_key
from ops_gpu.interactions.days.user_histories import Encode, UserHistories
from ops_gpu.interactions.item_state_config import ItemStateConfig
from ops_gpu.interactions.utc_days import day_start

COUNTS = "counts.parquet"


@dataclass(frozen=True)
class PastDays:
    """Counts of items and histories of users before any day, folded from those of days.

    Equal to what all events before that day give: counts exactly, decays up to rounding. A day that is corrected, or
    comes late, changes the folds that hold it and no others.

    Args:
        events: canonical interactions, a Parquet file a day.
        counts: `ItemCounts` of the same days, a file each, as of the end of the day.
        folder: where to keep what was folded; it can be removed at any time.
        config: half-lives that the days were counted with.
        code: version of what counts and merges; what another one has folded is not read.
    """

    events: Mapping[date, Path]
    counts: Mapping[date, Path]
    folder: Path
    config: ItemStateConfig
    code: str = ""

    def items_before(self, day: date, encode: Encode, items: int) -> ItemAccumulator:
        """Counts of items as of the beginning of a day.

        Args:
            day: the day, itself excluded.
            encode: gives the codes of items.
            items: number of item codes.
        """
        found = ItemAccumulator(items, self.config)
        found.advance(day_start(day))
        for fold in self._counts.before(day):
            counts = _counts(fold)
            found.add(counts, encode(counts.frame["item_id"]))
        return found

    def users_before(self, day: date) -> UserHistories:
        """Histories of users as of the beginning of a day, itself excluded."""
        return UserHistories([_run(fold) for fold in self._histories.before(day)])

    @cached_property
    def _counts(self) -> FoldedDays:
        return FoldedDays(
            self.counts, self.folder / "items" / half_lives_key(self.config), self._merge_counts, code=self.code
        )

    @cached_property
    def _histories(self) -> FoldedDays:
        return FoldedDays(self.events, self.folder / "users", _merge_runs, code=self.code)

    def _merge_counts(self, parts: Sequence[Fold], span: DaySpan, folder: Path) -> None:
        end = day_start(EPOCH + timedelta(span.end))
        ItemCounts.merge([_counts(part) for part in parts], end, self.config).save(folder / COUNTS)


def read_day(path: Path) -> pl.DataFrame:
    """Canonical events of one day."""
    return pl.read_parquet(path, columns=list(EVENT), glob=False)


def _merge_runs(parts: Sequence[Fold], span: DaySpan, folder: Path) -> None:
    HistoryRun.merge([_run(part) for part in parts], folder)


def _counts(fold: Fold) -> ItemCounts:
    return ItemCounts.load(fold.path if fold.is_day else fold.path / COUNTS)


def _run(fold: Fold) -> HistoryRun:
    return HistoryRun.of_events(read_day(fold.path)) if fold.is_day else HistoryRun.load(fold.path)
