"""What is kept of every user: their features and their complete history."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from feature_repo.id_range import IdRange, id_ranges
from ops_gpu.interactions.history_columns import ENTRY, as_lists, entries_of

KEY = "user_id"


def user_state(
    users: pl.DataFrame, interactions: pl.DataFrame | pl.LazyFrame, before: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Users with four aligned lists, one entry a distinct item, ordered by last interaction, oldest first.

    The lists are complete: what a user has seen is filtered by them. Items last seen at one moment stand by
    rising id.

    Args:
        users: canonical users, `user_id` and features.
        interactions: canonical interactions, `user_id`, `item_id`, `timestamp`, `label`.
        before: `user_id` and the four lists, as an earlier state has them, of which `interactions` is what came since.

    Returns:
        The users, by rising id, with `history_item` (raw ids), `history_count` (float32), `history_last`
        (epoch seconds) and `history_positive` (float32, how many interactions with the item were positive);
        empty lists for users without interactions. Users who only interacted are appended with null features.
    """
    entries = entries_of(interactions.lazy(), KEY)
    if before is not None:
        kept = before.lazy().select(KEY, *ENTRY).explode(*ENTRY, empty_as_null=False).drop_nulls("history_item")
        entries = pl.concat([kept, entries])
    lists = as_lists(entries, KEY)
    joined = users.join(lists, on=KEY, how="full", coalesce=True)
    return joined.with_columns(pl.col(ENTRY).fill_null([])).sort(KEY)


def user_states(
    users: pl.DataFrame, interactions: pl.LazyFrame, at_once: int
) -> Iterator[tuple[IdRange, pl.DataFrame]]:
    """The same by ranges of ids, of which one at a time is held; the log is read once for each.

    Args:
        users: as in `user_state`.
        interactions: as in `user_state`.
        at_once: users and interactions of a range, about.
    """
    events = interactions.group_by(KEY).agg(rows=pl.len().cast(pl.Int64))
    known = users.lazy().select(KEY, rows=pl.lit(1, pl.Int64))
    sizes = pl.concat([known, events]).group_by(KEY).agg(pl.col("rows").sum()).collect(engine="streaming")
    for ids in id_ranges(sizes, KEY, at_once):
        mine = ids.holds(KEY)
        yield ids, user_state(users.filter(mine), interactions.filter(mine))
