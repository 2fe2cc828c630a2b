"""One row an id from many: the table that nobody delivered."""

from __future__ import annotations

import polars as pl


def first_values(rows: pl.DataFrame, key: str, time: str) -> pl.DataFrame:
    """The earliest value of every column for each id, so that no feature knows what came later.

    Nulls do not count; of several values at the earliest time the smallest is taken, so that the order of the rows
    does not matter.

    Args:
        rows: frame with the id, the time and further columns.
        key: the id's column.
        time: the time's column.

    Returns:
        One row an id, with the columns of `rows` but the time; null where an id has no value at all.
    """
    result = rows.select(pl.col(key).unique())
    for name in rows.columns:
        if name in (key, time):
            continue
        ordered = rows.select(key, time, name).drop_nulls(name).sort(key, time, name)
        one = ordered.unique(subset=key, keep="first", maintain_order=True).drop(time)
        result = result.join(one, on=key, how="left")
    return result


def most_frequent(rows: pl.DataFrame, key: str, name: str) -> pl.DataFrame:
    """The most frequent value of one column for each id, for what is only shown to people.

    Nulls do not count; of equally frequent values the smallest is taken.

    Args:
        rows: frame with both columns.
        key: the id's column.
        name: the column.

    Returns:
        One row for each id that has a value.
    """
    counted = rows.select(key, name).drop_nulls(name).group_by(key, name).agg(pl.len().alias("__count__"))
    ordered = counted.sort([key, "__count__", name], descending=[False, True, False])
    return ordered.unique(subset=key, keep="first", maintain_order=True).drop("__count__")
