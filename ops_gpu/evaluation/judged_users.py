"""How many users lists can be judged by, for any range of days, at the cost of those days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.interactions.days.past_days import PastDays, read_day
from ops_gpu.interactions.utc_days import as_day, day_end, day_start


@dataclass(frozen=True)
class JudgedUsers:
    """Who had a history before a moment and then chose something: those that `choices_after` gives, counted.

    Args:
        past: all days.
        repeats: whether an item that the user had seen before counts as a choice.
    """

    past: PastDays
    repeats: bool

    def count(self, start: int, end: int) -> int:
        """Users with an event before `start` and a choice in `[start, end)`, both a midnight in epoch seconds."""
        days = sorted(day for day in self.past.events if start <= day_start(day) and day_end(day) <= end)
        if not days:
            return 0
        liked = [read_day(self.past.events[day]).filter("label").select("user_id", "item_id") for day in days]
        chosen = pl.concat(liked).unique()
        if chosen.is_empty():
            return 0
        users, items = (chosen[name].unique().sort() for name in ("user_id", "item_id"))

        def encode(ids: pl.Series) -> npt.NDArray[np.int32]:
            return _places(ids, items) + np.int32(1)

        history = self.past.users_before(as_day(start)).of(users, encode)
        known = history.items.lengths > 0
        user = _places(chosen["user_id"], users)
        wanted = known[user]
        if not self.repeats:
            seen = history.items.row_ids * (len(items) + 1) + history.items.values
            wanted &= ~np.isin(user * np.int64(len(items) + 1) + encode(chosen["item_id"]), seen)
        return len(np.unique(user[wanted]))


def day_bounds(days: Iterable[tuple[date, Path]]) -> tuple[int, int]:
    """Midnight before the first event and after the last one (UTC), in epoch seconds.

    Args:
        days: canonical interactions, a Parquet file a day; their footers alone are read.

    Raises:
        ValueError: when there is no event.
    """
    with_events = [day for day, path in days if pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()]
    if not with_events:
        raise ValueError("there is no event on any materialized day; materialize days that have some.")
    return day_start(min(with_events)), day_end(max(with_events))


def _places(some: pl.Series, every: pl.Series) -> npt.NDArray[np.int32]:
    """Place of each id among all; -1 for those that are not there."""
    known = every.to_frame("id").with_columns(place=pl.int_range(pl.len(), dtype=pl.Int32))
    found = some.to_frame("id").join(known, on="id", how="left", maintain_order="left")
    return found["place"].fill_null(-1).to_numpy()
