"""Which of the events that were pushed a log does not hold."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta
from typing import Any

import polars as pl

CLOCKS = timedelta(seconds=5)
"""By so much may the times differ that a log and whoever pushes give the same event."""
UNITS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1))
"""Of the times of a log, which may say no more than the day."""
PAIR = ["user_id", "item_id"]


def not_logged(pushed: pl.DataFrame, log: pl.LazyFrame, keep: timedelta, now: datetime) -> pl.DataFrame:
    """The pushed events that are still to be kept beside a log.

    An event that the log does not hold is kept, for logs come late and in parts, until the log has gone on for `keep`
    after it, and `keep` has passed since it was pushed.

    Args:
        pushed: `user_id`, `item_id`, `timestamp`, `pushed` (when it was; both UTC), and further columns.
        log: `user_id`, `item_id`, `timestamp` (UTC).
        keep: how long a log may leave out an event that it will hold.
        now: the present (UTC), without a zone.

    Returns:
        Those rows of `pushed`, in order.
    """
    missing = pushed.filter(~held(pushed, log))
    if missing.is_empty():
        return missing
    last = log.select(pl.col("timestamp").max()).collect().item()
    if last is None:  # of an empty log
        return missing
    return missing.filter((pl.col("timestamp") >= last - keep) | (pl.col("pushed") > now - keep))


def held(pushed: pl.DataFrame, log: pl.LazyFrame) -> pl.Series:
    """Whether a log holds each event that was pushed.

    An event is the same in both when user and item are, and the times differ by 5 s at most; where all times of the log
    are whole minutes, hours or days, it may lie before by as much. One event of the log stands for one that was pushed.

    Args:
        pushed: `user_id`, `item_id`, `timestamp` (UTC).
        log: the same columns.
    """
    if pushed.is_empty():
        return pl.Series([], dtype=pl.Boolean)
    unit, first = _unit(log), pl.lit(pushed["timestamp"].min())
    near = log.filter(pl.col("timestamp") >= first - unit)
    near = near.join(pushed.lazy().select(PAIR).unique(), on=PAIR, how="semi").select(*PAIR, "timestamp")
    known: dict[tuple[Any, Any], list[datetime]] = {}
    for user, item, moment in near.collect().sort("timestamp").iter_rows():
        known.setdefault((user, item), []).append(moment)
    found = [False] * pushed.height
    for place, user, item, moment in pushed.select(*PAIR, "timestamp").with_row_index().sort("timestamp").iter_rows():
        found[place] = _taken(known.get((user, item), []), moment, unit)
    return pl.Series(found, dtype=pl.Boolean)


def _unit(log: pl.LazyFrame) -> timedelta:
    """The largest unit of which all times of a log are multiples."""
    epoch = pl.col("timestamp").dt.epoch("us")
    multiples = [(epoch % (unit // timedelta(microseconds=1)) == 0).all().alias(str(unit)) for unit in UNITS]
    row = log.select(multiples).collect().row(0)
    return next((unit for unit, multiple in zip(UNITS, row, strict=True) if multiple), CLOCKS)


def _taken(moments: list[datetime], moment: datetime, unit: timedelta) -> bool:
    """Takes the first of rising moments that is near enough away from them; whether there is one."""
    place = bisect_left(moments, moment - unit)
    if place == len(moments) or moments[place] > moment + CLOCKS:
        return False
    del moments[place]
    return True
