"""Raw feature columns to the few types that features have."""

from __future__ import annotations

import polars as pl

from ops_gpu.logs.errors import LogError


def categorical(values: pl.Series) -> pl.Series:
    """Categories: integers stay Int64, everything else becomes text; empty text is null."""
    if values.dtype.is_integer():
        return values.cast(pl.Int64)
    text = values.cast(pl.String, strict=False)
    return text.to_frame("v").select(pl.when(pl.col("v").str.len_bytes() > 0).then("v").alias(values.name)).to_series()


def continuous(values: pl.Series, path: str) -> tuple[pl.Series, int]:
    """Numbers as Float64; dates become days since 1970.

    Args:
        values: the raw column.
        path: its file, for messages.

    Returns:
        Float64 values, NaN as null, and how many values are there but are no numbers.

    Raises:
        LogError: when none of the values is a number.
    """
    if values.dtype.is_temporal():
        numbers = values.cast(pl.Datetime("us")).to_physical() / 86_400e6
    elif values.dtype == pl.String:
        numbers = values.str.strip_chars().cast(pl.Float64, strict=False)
    else:
        numbers = values.cast(pl.Float64, strict=False)
    wrong = numbers.null_count() - values.null_count()
    if wrong and numbers.null_count() == len(values):
        raise LogError(
            f"'{path}' holds no number in the column '{values.name}', found {values.drop_nulls()[0]!r}, "
            "expected a "
            f"continuous feature; list it under categorical, or mend the file."
        )
    return numbers.fill_nan(None).alias(values.name), wrong


def listed(values: pl.Series, separator: str) -> pl.Series:
    """Lists of categories, from list columns or from text joined by a separator; null becomes an empty "
    "list."""
    name = values.name
    if values.dtype == pl.String:
        parts = values.str.split(separator).to_frame("v")
        kept = pl.col("v").list.eval(pl.element().str.strip_chars().filter(pl.element().str.strip_chars() != ""))
        return parts.select(kept.fill_null([]).alias(name)).to_series()
    inner = values.dtype.inner if isinstance(values.dtype, pl.List | pl.Array) else None
    whole = inner is not None and inner.is_integer()
    target = pl.List(pl.Int64() if whole else pl.String())
    lists = values if inner is not None else values.cast(pl.String).reshape((-1, 1)).cast(pl.List(pl.String))
    if isinstance(lists.dtype, pl.Array):
        lists = lists.arr.to_list()
    return lists.cast(target).to_frame("v").select(pl.col("v").list.drop_nulls().fill_null([]).alias(name)).to_series()
