"""How many users lists can be judged by, for any range of days, from raw interactions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from ops_gpu.interactions.events import DAY


@dataclass(frozen=True)
class JudgedUsers:
    """Who had a history before a moment and then chose something: those that `choices_after` gives, counted.

    Args:
        choices: a row a positive event: `user_id`, `time` (epoch seconds), and `user_since` and `pair_since`, the first
            event of the user, and of the user with this item.
        repeats: whether an item that the user had seen before counts as a choice.
    """

    choices: pl.DataFrame
    repeats: bool

    @classmethod
    def of(cls, interactions: pl.DataFrame, repeats: bool) -> JudgedUsers:
        """From canonical interactions: `user_id`, `item_id`, `timestamp`, `label`.

        Args:
            interactions: all of them; the order does not matter.
            repeats: whether an item that the user had seen before counts as a choice.
        """
        time = pl.col("timestamp").dt.epoch("s")
        since = {"user_since": time.min().over("user_id"), "pair_since": time.min().over("user_id", "item_id")}
        rows = interactions.lazy().select("user_id", "item_id", "label", time=time, **since)
        return cls(rows.filter("label").drop("item_id", "label").collect(), repeats)

    def count(self, start: int, end: int) -> int:
        """Users with an event before `start` and a choice in `[start, end)`, both in epoch seconds."""
        wanted = pl.col("time").is_between(start, end, closed="left") & (pl.col("user_since") < start)
        if not self.repeats:
            wanted &= pl.col("pair_since") >= start
        return int(self.choices.filter(wanted)["user_id"].n_unique())


def day_bounds(interactions: pl.DataFrame) -> tuple[int, int]:
    """Midnight before the first event and after the last one (UTC), in epoch seconds.

    Raises:
        ValueError: when there is no event.
    """
    first, last = interactions["timestamp"].min(), interactions["timestamp"].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        raise ValueError("there is no event on any materialized day; materialize days that have some.")
    bounds = pl.Series([first, last]).dt.epoch("s") // DAY * DAY
    return int(bounds[0]), int(bounds[1]) + DAY
