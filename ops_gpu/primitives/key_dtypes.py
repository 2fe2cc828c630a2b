"""Keys: the few types in which values are looked up, so that one value has one form."""

from __future__ import annotations

import polars as pl


def key_dtype(column: str, dtype: pl.DataType) -> pl.DataType:
    """The type in which values of `dtype` are kept and compared.

    Integers and booleans become Int64 (UInt64 stays, for it has values beyond), floats Float64, categoricals
    String, datetimes microseconds; dates and the type of an all-null column stay.

    Raises:
        ValueError: when values of this type cannot be keys.
    """
    if dtype in (pl.UInt64, pl.String, pl.Date, pl.Null):
        return dtype
    if dtype.is_integer() or dtype == pl.Boolean:
        return pl.Int64()
    if dtype.is_float():
        return pl.Float64()
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        return pl.String()
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us")
    raise ValueError(
        f"column {column!r} is of type {dtype}, whose values cannot be categories; cast it to an integer or string."
    )


def element_dtype(dtype: pl.DataType) -> pl.DataType:
    """The type of a list's elements, or the type itself where it is no list."""
    return dtype.inner if isinstance(dtype, (pl.List, pl.Array)) else dtype  # type: ignore[return-value]


def as_key(expr: pl.Expr, dtype: pl.DataType, kept: pl.DataType) -> pl.Expr:
    """Values of `dtype` in the form `kept`; of floats, NaN becomes null and negative zero zero.

    `kept` Boolean stands for keys of which only null is known, whatever their type: true for all others.
    """
    known = expr.fill_nan(None) if dtype.is_float() else expr
    if kept == pl.Boolean:
        return pl.when(known.is_not_null()).then(pl.lit(True))
    if kept.is_float():
        return positive_zero(known.cast(kept))
    return expr if dtype == kept else expr.cast(kept)


def positive_zero(value: pl.Expr) -> pl.Expr:
    """Floats with negative zero made zero (adding zero will not do: Polars optimizes that away)."""
    return pl.when(value.ne_missing(0.0)).then(value).otherwise(0.0)


def check_same_key(column: str, dtype: pl.DataType, kept: pl.DataType) -> None:
    """ValueError where values of `dtype` can never equal kept ones; an all-null column always passes."""
    found = key_dtype(column, element_dtype(dtype))
    if found not in (kept, pl.Null) and kept != pl.Boolean:
        raise ValueError(
            f"column {column!r} is of type {dtype}, and was {kept} when the workflow was fitted; cast it to {kept}."
        )
