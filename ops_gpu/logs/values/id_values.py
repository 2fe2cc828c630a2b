"""Raw ids in their canonical type, and why a value can be none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ops_gpu.logs.errors.log_error import LogError
from ops_gpu.schema.id_limits import MAX_ID_BYTES, NULL_INTEGER

if TYPE_CHECKING:
    import polars as pl


IdType = Literal["integer", "string"]
"""What ids are: Int64 or String."""
NO_VALUE = "\0JSON "
"""Stands before an object, a list or a truth value that became text; no id begins so, for it holds a zero byte."""
PROBLEMS = {
    "no_value": "ids of one text or number, and no objects, lists or truth values",
    "not_integer": "integer ids as in the rest of the log",
    "too_long": f"ids of at most {MAX_ID_BYTES} bytes in UTF-8, as requests have room for no more",
    "zero_byte": "ids without a zero byte, which ends an id in a request",
    "rounded": "ids below 2^53 where they are floats, which round larger ones, so that several become the same",
    "reserved": f"ids above {NULL_INTEGER}, which stands for no id",
}
"""Why a value that is there cannot be an id, and what is expected instead."""


def canonical_ids(column: str, dtype: pl.DataType, kind: IdType) -> pl.Expr:
    """Raw ids in their canonical type.

    Args:
        column: the raw column.
        dtype: its type in this file.
        kind: the decided type.

    Returns:
        Int64 or String expression; null where a raw value is null, empty, or has a problem (`id_problems`).
        `17850.0` is the integer 17850.
    """
    import polars as pl

    return pl.when(id_problems(column, dtype, kind).is_null()).then(_value(column, dtype, kind))


def id_problems(column: str, dtype: pl.DataType, kind: IdType) -> pl.Expr:
    """Why raw values cannot be ids: one of `PROBLEMS`, null for those that can, and for those that are not there.

    Args:
        column: the raw column.
        dtype: its type in this file.
        kind: the decided type.
    """
    import polars as pl

    raw, value = _raw(column, dtype), _value(column, dtype, kind)
    marked = raw.str.starts_with(NO_VALUE) if dtype == pl.String else pl.lit(False)
    if kind == "integer":
        empty = raw.str.len_bytes() == 0 if dtype == pl.String else pl.lit(False)
        return (
            pl.when(raw.is_null() | empty).then(None)
            .when(marked).then(pl.lit("no_value"))
            .when(value.is_null()).then(pl.lit("not_integer"))
            .when(_rounded(raw, dtype)).then(pl.lit("rounded"))
            .when(value == NULL_INTEGER).then(pl.lit("reserved"))
        )  # fmt: skip
    return (
        pl.when(marked).then(pl.lit("no_value"))
        .when(value.str.len_bytes() > MAX_ID_BYTES).then(pl.lit("too_long"))
        .when(value.str.contains("\0", literal=True)).then(pl.lit("zero_byte"))
        .when(_rounded(raw, dtype)).then(pl.lit("rounded"))
    )  # fmt: skip


def _raw(column: str, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    return pl.col(column).fill_nan(None) if dtype.is_float() else pl.col(column)


def _rounded(raw: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    from ops_gpu.logs.values.whole_numbers import exact_below

    return raw.is_finite() & (raw.abs() >= exact_below(dtype)) if dtype.is_float() else pl.lit(False)


def _value(column: str, dtype: pl.DataType, kind: IdType) -> pl.Expr:
    import polars as pl

    value = _raw(column, dtype)
    if kind == "string":
        text = value.cast(pl.String, strict=False)
        return pl.when(text.str.len_bytes() > 0).then(text)
    if dtype == pl.String:
        return value.str.strip_chars().str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)
    if dtype.is_float():
        return pl.when(value == value.floor()).then(value).cast(pl.Int64, strict=False)
    return value.cast(pl.Int64, strict=False) if dtype.is_integer() else pl.lit(None, pl.Int64)


def require_ids(values: pl.Series, kind: IdType, declared: str, role: str, path: str) -> None:
    """Refuses a column whose type is none of ids; what is wrong with single values is counted instead.

    Args:
        values: the raw column.
        kind: the decided type of these ids.
        declared: what the YAML says: `integer`, `string` or `auto`.
        role: `user` or `item`.
        path: the file, for the message.

    Raises:
        LogError: for objects and lists; for fractions, truth values and times that nobody has said to be ids.
    """
    import polars as pl

    dtype = values.dtype
    if dtype.is_nested() or dtype == pl.Object:
        held = "objects" if isinstance(dtype, pl.Struct) else "lists" if dtype.is_nested() else "Python objects"
        raise LogError(
            f"'{path}' holds {held} in the column '{values.name}', expected {role} ids, one number or text a row; name "
            f"the right column as {role}, or mend the file."
        )
    usual = dtype == pl.String or dtype.is_integer() or dtype == pl.Null
    there = values.drop_nans() if dtype.is_float() else values
    if usual or kind == "integer" or declared == "string" or there.null_count() == len(there):
        return
    example, remedy = there.drop_nulls()[0], f"say {role}_id_type: string, or mend the file"
    if dtype.is_float():
        remedy = f"say {role}_id_type: integer (17850.0 is then 17850) or string, or mend the file"
    raise LogError(
        f"'{path}' holds {role} ids of the type {dtype} in the column '{values.name}', such as {example}, expected "
        f"integers or text; {remedy}."
    )
