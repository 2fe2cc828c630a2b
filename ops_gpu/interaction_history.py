"""One entry a distinct item: how interactions become a history, offline and online alike."""

from __future__ import annotations

import polars as pl

ENTRY = ("history_item", "history_count", "history_last", "history_positive")


def accumulated(entries: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """Joins the entries of one item in one history to one.

    An interaction is an entry with count 1, its own time, and 1 where it was positive, else 0; so a history
    and what has happened since are accumulated by the same function as a whole log.

    Args:
        entries: `key`, `history_item`, `history_count` (float32), `history_last` (epoch seconds) and
            `history_positive` (float32).
        key: column that names the history (a user).

    Returns:
        Entries by rising key, the oldest last interaction first; those of one moment by rising item.
    """
    joined = entries.group_by(key, "history_item").agg(
        pl.col("history_count").sum(),
        pl.col("history_last").max(),
        pl.col("history_positive").sum(),
    )
    return joined.sort(key, "history_last", "history_item").select(key, *ENTRY)
