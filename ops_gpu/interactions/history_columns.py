"""One entry a distinct item: how interactions become a history, offline and online alike."""

from __future__ import annotations

import polars as pl

ENTRY = ("history_item", "history_count", "history_last", "history_positive")


def entries_of(interactions: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """One entry an interaction.

    Args:
        interactions: `key`, `item_id`, `timestamp` and `label` (whether it was positive).
        key: column that names the history (a user).
    """
    return interactions.select(
        key,
        pl.col("item_id").alias("history_item"),
        pl.lit(1.0, pl.Float32).alias("history_count"),
        pl.col("timestamp").dt.epoch("s").alias("history_last"),
        pl.col("label").cast(pl.Float32).alias("history_positive"),
    )


def as_lists(entries: pl.LazyFrame, key: str) -> pl.DataFrame:
    """The histories of entries: a row a key, with the four columns of `accumulated` as lists."""
    joined = accumulated(entries, key)
    return joined.group_by(key, maintain_order=True).agg(pl.col(ENTRY)).collect()


def with_events(rows: pl.DataFrame, events: pl.DataFrame, key: str) -> pl.DataFrame:
    """Rows with histories as they are after some events; rows without an event are left out.

    Args:
        rows: `key`, the four lists, and anything else.
        events: interactions, as `entries_of` takes them.
        key: column that names the history.
    """
    before = rows.lazy().select(key, *ENTRY).explode(*ENTRY, empty_as_null=False).drop_nulls("history_item")
    lists = as_lists(pl.concat([before, entries_of(events.lazy(), key)]), key)
    return rows.drop(ENTRY).join(lists, on=key)


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
