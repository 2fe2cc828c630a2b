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
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.utc_days import as_day, day_end, day_start

USERS_AT_ONCE = 2_000


@dataclass(frozen=True)
class JudgedUsers:
    """Who had a history before a moment and then chose something: those that `choices_after` gives, counted.

    Args:
        past: all days.
        repeats: whether an item that the user had seen before counts as a choice.
        enough: where so many are found, no others are looked for.
    """

    past: PastDays
    repeats: bool
    enough: int = 2**62

    def count(self, start: int, end: int) -> int:
        """Users with an event before `start` and a choice in `[start, end)`, both a midnight in epoch seconds.

        Returns:
            How many; of more than `enough` some number from `enough` on.
        """
        days = sorted(day for day in self.past.events if start <= day_start(day) and day_end(day) <= end)
        if not days:
            return 0
        liked = [read_day(self.past.events[day]).filter("label").select("user_id", "item_id") for day in days]
        chosen = pl.concat(liked).unique()
        if chosen.is_empty():
            return 0
        users, items, found = chosen["user_id"].unique().sort(), chosen["item_id"].unique().sort(), 0
        read = self.past.users_before(as_day(start)).reader(lambda ids: _places(ids, items) + np.int32(1))
        for at in range(0, len(users), USERS_AT_ONCE):
            some = users.slice(at, USERS_AT_ONCE)
            found += self._count(read(some), some, items, chosen.filter(pl.col("user_id").is_in(some.implode())))
            if found >= self.enough:
                break
        return found

    def _count(self, history: Histories, users: pl.Series, items: pl.Series, chosen: pl.DataFrame) -> int:
        known = history.items.lengths > 0
        user = _places(chosen["user_id"], users)
        wanted = known[user]
        if not self.repeats:
            seen = history.items.row_ids * (len(items) + 1) + history.items.values
            wanted &= ~np.isin(user * np.int64(len(items) + 1) + (_places(chosen["item_id"], items) + 1), seen)
        return len(np.unique(user[wanted]))


def day_bounds(days: Iterable[tuple[date, Path]]) -> tuple[int, int]:
    """Midnight before the first event and after the last one (UTC), in epoch seconds.

    Args:
        days: canonical interactions, a Parquet file a day; the footers of those at both ends are read.

    Raises:
        ValueError: when there is no event.
    """
    ordered = sorted(days)
    first, last = (next((day for day, path in some if _rows(path)), None) for some in (ordered, reversed(ordered)))
    if first is None or last is None:
        raise ValueError("there is no event on any materialized day; materialize days that have some.")
    return day_start(first), day_end(last)


def _rows(path: Path) -> int:
    return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())


def _places(some: pl.Series, every: pl.Series) -> npt.NDArray[np.int32]:
    """Place of each id among all; -1 for those that are not there."""
    known = every.to_frame("id").with_columns(place=pl.int_range(pl.len(), dtype=pl.Int32))
    found = some.to_frame("id").join(known, on="id", how="left", maintain_order="left")
    return found["place"].fill_null(-1).to_numpy()
