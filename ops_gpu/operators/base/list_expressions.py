"""Lists as two flat parts, so that what works on a column works on its elements."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]

from ops_gpu.primitives.key_dtypes import element_dtype


def map_elements(lists: pl.Series, function: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Applies a function to all elements of a list column at once; rows keep their lengths.

    Args:
        lists: a List column; a null list counts as an empty one.
        function: takes the elements of all rows, one after another, and gives as many.

    Returns:
        The List column of the results, without null lists.
    """
    whole = lists.to_frame().select(pl.first().fill_null([])).to_series() if lists.null_count() else lists
    array = whole.to_arrow()
    offsets = array.offsets.to_numpy().astype(np.int64)
    elements = array.values.slice(offsets[0], offsets[-1] - offsets[0])
    inner = pl.Series(lists.name, pl.from_arrow(elements), whole.dtype.inner)  # type: ignore[attr-defined]
    result = function(inner)
    rows = pa.LargeListArray.from_arrays(pa.array(offsets - offsets[0]), result.to_arrow())
    return pl.Series(lists.name, rows, pl.List(result.dtype))


def without_null(lists: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Lists of type `dtype` with an empty one for null; the type is said, for an empty frame has no other."""
    return lists.fill_null(pl.lit([], dtype=dtype))


def as_float64(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Numbers of a column (elements of a list column) of type `dtype` as Float64."""
    return value if element_dtype(dtype) == pl.Float64 else value.cast(pl.Float64)


def on_elements(function: Callable[[pl.Expr], pl.Expr], expr: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """An elementwise expression over a column, or over the elements of lists (a null list is empty)."""
    if isinstance(dtype, pl.List):
        return without_null(expr, dtype).list.eval(function(pl.element()))
    return function(expr)
