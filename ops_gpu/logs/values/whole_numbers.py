"""Whole numbers among floats: pandas makes these of integers beside a missing one."""

from __future__ import annotations

import polars as pl


def exact_below(dtype: pl.DataType) -> int:
    """From here on, floats of a type round whole numbers: two that differ may have become the same."""
    return 1 << 24 if dtype == pl.Float32 else 1 << 53


def are_whole(values: pl.Series) -> bool:
    """Whether all finite values of a float column are whole numbers that were not rounded, and there is one."""
    there = values.filter(values.is_finite())
    return len(there) > 0 and bool(((there == there.floor()) & (there.abs() < exact_below(values.dtype))).all())


def as_text(values: pl.Series) -> pl.Series:
    """Text of any values; `17.0` is written as 17, so that it is the same in a file of integers."""
    if not values.dtype.is_float():
        return values.cast(pl.String, strict=False)
    value = pl.col("v")
    whole = (value == value.floor()) & (value.abs() < exact_below(values.dtype))
    text = pl.when(whole).then(value.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(value.cast(pl.String))
    return values.to_frame("v").select(text.alias(values.name)).to_series()
