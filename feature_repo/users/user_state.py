"""What is kept of every user: their features and their complete history."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from feature_repo.offline.id_range import IdRange, id_ranges
from feature_repo.users.user_lists import KEY, UserLists
from ops_gpu.interactions.history_columns import ENTRY, as_lists, entries_of


def with_lists(users: pl.DataFrame, lists: pl.DataFrame) -> pl.DataFrame:
    """Users with four aligned lists, one entry a distinct item, ordered by last interaction, oldest first.

    The lists are complete: what a user has seen is filtered by them. Items last seen at one moment stand by
    rising id.

    Args:
        users: canonical users, `user_id` and features.
        lists: of those who did anything, as `UserLists` gives them.

    Returns:
        The users, by rising id, with `history_item` (raw ids), `history_count` (float32), `history_last`
        (epoch seconds) and `history_positive` (float32, how many interactions with the item were positive);
        empty lists for users without interactions. Users who only interacted are appended with null features.
    """
    joined = users.join(lists, on=KEY, how="full", coalesce=True)
    return joined.with_columns(pl.col(ENTRY).fill_null([])).sort(KEY)


def user_state(users: pl.DataFrame, interactions: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """The same, of canonical interactions that are at hand: `user_id`, `item_id`, `timestamp`, `label`."""
    return with_lists(users, as_lists(entries_of(interactions.lazy(), KEY), KEY))


def user_states(
    users: pl.DataFrame, interactions: pl.LazyFrame, lists: UserLists, at_once: int
) -> Iterator[tuple[IdRange, pl.DataFrame]]:
    """The same of all users by ranges of ids, of which one at a time is held.

    Args:
        users: as in `with_lists`.
        interactions: `user_id` of every event.
        lists: gives the lists of users.
        at_once: users and interactions of a range, about.
    """
    events = interactions.group_by(KEY).agg(rows=pl.len().cast(pl.Int64))
    known = users.lazy().select(KEY, rows=pl.lit(1, pl.Int64))
    sizes = pl.concat([known, events]).group_by(KEY).agg(pl.col("rows").sum()).collect(engine="streaming")
    for ids in id_ranges(sizes, KEY, at_once):
        yield ids, with_lists(users.filter(ids.holds(KEY)), lists(sizes.filter(ids.holds(KEY))[KEY]))
