"""Which of the events that were pushed a log does not hold."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
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

    An event is the same in both when user and item are, and the times differ by 5 s at most; where all times of the log
    are whole minutes, hours or days, it may lie before by as much. One event of the log stands for one that was pushed.
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
    if pushed.is_empty():
        return pushed
    moment = pl.col("timestamp")
    whole = [(moment.dt.epoch("us") % (unit // timedelta(microseconds=1)) == 0).all() for unit in UNITS]
    units = {f"{place}": expression for place, expression in enumerate(whole)}
    last, *multiples = log.select(last=moment.max(), **units).collect().row(0)
    if last is None:  # of an empty log
        return pushed
    unit = next((unit for unit, multiple in zip(UNITS, multiples, strict=True) if multiple), CLOCKS)
    missing = pushed.filter(~_held(pushed, log, unit))
    return missing.filter((moment >= last - keep) | (pl.col("pushed") > now - keep))


def _held(pushed: pl.DataFrame, log: pl.LazyFrame, unit: timedelta) -> pl.Series:
    """Whether the log holds each event."""
    first: Any = pushed["timestamp"].min()
    near = log.filter(pl.col("timestamp") >= first - unit)
    near = near.join(pushed.lazy().select(PAIR).unique(), on=PAIR, how="semi").select(*PAIR, "timestamp")
    known: dict[Any, list[datetime]] = {}
    for user, item, moment in near.collect().sort("timestamp").iter_rows():
        known.setdefault((user, item), []).append(moment)
    mine = pushed.select(*PAIR, "timestamp").with_row_index().sort("timestamp")
    held = [False] * pushed.height
    for place, user, item, moment in mine.iter_rows():
        held[place] = _taken(known.get((user, item), []), moment, unit)
    return pl.Series(held, dtype=pl.Boolean)


def _taken(moments: Sequence[datetime], moment: datetime, unit: timedelta) -> bool:
    """Takes the first of rising moments that is near enough away from them; whether there is one."""
    assert isinstance(moments, list)
    place = bisect_left(moments, moment - unit)
    if place == len(moments) or moments[place] > moment + CLOCKS:
        return False
    del moments[place]
    return True
