"""Types of columns: in words, and which one may stand for which."""

from __future__ import annotations

import polars as pl

from ops_gpu.primitives.key_dtypes import element_dtype
from ops_gpu.schema.column import ColumnSchema, dtype_name


def type_words(column: ColumnSchema) -> str:
    """The type of a column in words: `int64`, `a list of string`."""
    return f"a list of {column.dtype}" if column.is_list else column.dtype


def dtype_words(dtype: pl.DataType) -> str:
    """A Polars type in the same words; one that no schema holds under its own name."""
    element = element_dtype(dtype)
    name = _name_of(element) or str(element)
    return f"a list of {name}" if isinstance(dtype, (pl.List, pl.Array)) else name


def fits(column: ColumnSchema, dtype: pl.DataType) -> bool:
    """Whether values of a Polars type are values of this column: of its type, narrower, or null alone."""
    if dtype == pl.Null or column.properties.get("all_null"):
        return True
    if column.is_list != isinstance(dtype, (pl.List, pl.Array)):
        return False
    element = element_dtype(dtype)
    found = _name_of(element)
    return element == pl.Null or (found is not None and _widens(found, column.dtype))


def _name_of(dtype: pl.DataType) -> str | None:
    try:
        return dtype_name("", dtype)
    except ValueError:
        return None  # a type that no schema holds


def _widens(found: str, expected: str) -> bool:
    """Whether all values of one type are values of the other, of the same kind."""
    kinds = [name.rstrip("0123456789") for name in (found, expected)]
    sizes = [int(name.removeprefix(kind) or 0) for name, kind in zip((found, expected), kinds, strict=True)]
    if kinds == ["uint", "int"]:
        return sizes[0] < sizes[1]
    return kinds[0] == kinds[1] and sizes[0] <= sizes[1]
