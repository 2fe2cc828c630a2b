"""One row an id from many: the table that nobody delivered."""

from __future__ import annotations

import polars as pl


def most_frequent(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """The most frequent value of every column for each id.

    Nulls do not count; of equally frequent values the smallest is taken, so that the order of the rows does
    not matter. Float columns give their median.

    Args:
        rows: frame with the id and further columns; text and integers are categories, floats are numbers.
        key: the id's column.

    Returns:
        One row an id, with the columns of `rows`; null where an id has no value at all.
    """
    result = rows.select(pl.col(key).unique())
    for name in rows.columns:
        if name == key:
            continue
        filled = rows.select(key, name).drop_nulls(name)
        if filled.schema[name].is_float():
            one = filled.group_by(key).agg(pl.col(name).median())
        else:
            counted = filled.group_by(key, name).agg(pl.len().alias("__count__"))
            ordered = counted.sort([key, "__count__", name], descending=[False, True, False])
            one = ordered.unique(subset=key, keep="first", maintain_order=True).drop("__count__")
        result = result.join(one, on=key, how="left")
    return result
