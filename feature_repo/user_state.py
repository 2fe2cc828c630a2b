"""What is kept of every user: their features and their complete history."""

from __future__ import annotations

import polars as pl

from ops_gpu.interactions.history_columns import ENTRY, as_lists, entries_of


def user_state(users: pl.DataFrame, interactions: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Users with four aligned lists, one entry a distinct item, ordered by last interaction, oldest first.

    The lists are complete: what a user has seen is filtered by them. Items last seen at one moment stand by
    rising id.

    Args:
        users: canonical users, `user_id` and features.
        interactions: canonical interactions, `user_id`, `item_id`, `timestamp`, `label`.

    Returns:
        The users, by rising id, with `history_item` (raw ids), `history_count` (float32), `history_last`
        (epoch seconds) and `history_positive` (float32, how many interactions with the item were positive);
        empty lists for users without interactions. Users who only interacted are appended with null features.
    """
    lists = as_lists(entries_of(interactions.lazy(), "user_id"), "user_id")
    joined = users.join(lists, on="user_id", how="full", coalesce=True)
    return joined.with_columns(pl.col(ENTRY).fill_null([])).sort("user_id")
