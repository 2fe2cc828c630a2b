"""Batches of users as data frames, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.schema import Schema
from serving.request.columns import Column, Columns

if TYPE_CHECKING:
    import polars as pl


def to_frame(columns: Columns) -> pl.DataFrame:
    """A batch as a frame of as many rows.

    Args:
        columns: arrays `[n]` (or `[n, m]`, which become lists) and `Ragged`; UTF-8 bytes (`S`) become text.
    """
    import polars as pl

    return pl.DataFrame([_series(name, column) for name, column in columns.items()])


def to_columns(frame: pl.DataFrame, schema: Schema) -> Columns:
    """The columns of a frame that a schema names, as a batch; lists become `Ragged`, text UTF-8 bytes.

    Raises:
        ValueError: when the frame lacks a column, or it holds nulls or another type; names the column.
    """
    return {column.name: _column(frame, column.name, column.dtype, column.is_list) for column in schema}


def _series(name: str, column: Column) -> pl.Series:
    import polars as pl
    import pyarrow as pa  # type: ignore[import-untyped]

    if isinstance(column, np.ndarray) and column.ndim == 1:
        return pl.Series(name, _texts(column) if column.dtype.kind == "S" else column)
    if isinstance(column, np.ndarray):
        rows = np.arange(len(column) + 1, dtype=np.int64) * column.shape[1]
        column = Ragged(column.reshape(-1), rows)
    values = column.values
    if values.ndim > 1:  # a vector an element
        inner = pl.Series(name, values.reshape(len(values), -1)).arr.to_list().to_arrow()
    else:
        inner = pl.Series(name, _texts(values) if values.dtype.kind == "S" else values).to_arrow()
    return pl.Series(name, pl.from_arrow(pa.LargeListArray.from_arrays(pa.array(column.offsets), inner)))


def _texts(values: npt.NDArray[Any]) -> pl.Series:
    import polars as pl

    return pl.Series(values.tolist(), dtype=pl.Binary).cast(pl.String)


def _column(frame: pl.DataFrame, name: str, dtype: str, is_list: bool) -> Column:
    if name not in frame.columns:
        raise ValueError(f"The frame has no column {name!r}; it has {', '.join(frame.columns)}.")
    column = frame[name]
    if not is_list:
        return _values(column, dtype)
    if column.null_count():
        raise ValueError(f"The lists {name!r} have {column.null_count()} nulls; fill them with empty lists.")
    lengths = column.list.len().to_numpy().astype(np.int64)
    return Ragged.from_lengths(_values(column.explode(empty_as_null=False), dtype), lengths)


def _values(column: pl.Series, dtype: str) -> npt.NDArray[Any]:
    import polars as pl

    if column.null_count():
        raise ValueError(f"The column {column.name!r} has {column.null_count()} nulls; fill or drop them.")
    if dtype == "string":
        if column.dtype != pl.String:
            raise ValueError(f"The column {column.name!r} must be text, got {column.dtype}.")
        return np.array(column.cast(pl.Binary).to_list(), "S") if len(column) else np.empty(0, "S1")
    wanted = np.dtype(dtype)
    found = column.to_numpy()
    if found.dtype != wanted and not np.can_cast(found.dtype, wanted):
        raise ValueError(f"The column {column.name!r} must be {dtype}, got {column.dtype}.")
    return found.astype(wanted, copy=False)
