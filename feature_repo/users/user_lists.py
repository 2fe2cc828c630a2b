"""What users did, as the lists that the feature store keeps: from a log, or from the histories of its days."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]

from ops_gpu.interactions.days.user_histories import UserHistories
from ops_gpu.interactions.history_columns import ENTRY, as_lists, entries_of

KEY = "user_id"
UserLists = Callable[[pl.Series], pl.DataFrame]
"""Gives `user_id` and the four lists of those of some users who did anything, one row a user."""


def lists_of_log(interactions: pl.DataFrame | pl.LazyFrame) -> UserLists:
    """From canonical interactions: `user_id`, `item_id`, `timestamp`, `label`; each time the log is read once."""

    def lists(users: pl.Series) -> pl.DataFrame:
        mine = interactions.lazy().filter(pl.col(KEY).is_in(users.implode()))
        return as_lists(entries_of(mine, KEY), KEY)

    return lists


def lists_of_days(histories: UserHistories, item_id: pl.DataType) -> UserLists:
    """From complete histories, at the cost of those users.

    Args:
        histories: of all days.
        item_id: type of the ids of items.
    """
    known = [run.items for run in histories.runs]
    items = pl.concat([pl.Series([], dtype=item_id), *known]).unique().sort()
    read = histories.reader(lambda ids: items.search_sorted(ids).to_numpy().astype(np.int32))

    def lists(users: pl.Series) -> pl.DataFrame:
        found = read(users)
        offsets = found.items.offsets
        values: dict[str, Any] = {
            "history_item": items.gather(found.items.values),
            "history_count": pl.Series(found.count),
            "history_last": pl.Series(found.last),
            "history_positive": pl.Series(found.positive),
        }
        columns = [_as_lists(offsets, values[name]).alias(name) for name in ENTRY]
        return pl.DataFrame([users.alias(KEY), *columns]).filter(pl.Series(np.diff(offsets) > 0))

    return lists


def with_pushed(lists: UserLists, pushed: pl.DataFrame) -> UserLists:
    """The same lists as they are after events that the log does not hold.

    Args:
        lists: of the log.
        pushed: `user_id`, `item_id`, `timestamp` (UTC), `label`.
    """
    if pushed.is_empty():
        return lists

    def both(users: pl.Series) -> pl.DataFrame:
        found = lists(users)
        more = pushed.filter(pl.col(KEY).is_in(users.implode()))
        theirs = pl.col(KEY).is_in(more[KEY].implode())
        before = found.lazy().filter(theirs).explode(*ENTRY, empty_as_null=False)
        grown = as_lists(pl.concat([before, entries_of(more.lazy(), KEY)]), KEY)
        return pl.concat([found.filter(~theirs), grown])

    return both


def _as_lists(offsets: npt.NDArray[np.int64], values: pl.Series) -> pl.Series:
    made = pl.from_arrow(pa.LargeListArray.from_arrays(pa.array(offsets), values.to_arrow()))
    assert isinstance(made, pl.Series)
    return made
