"""What a request must look like, derived from the input schema of an ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.id_limits import MAX_ID_BYTES as MAX_ID_BYTES
from ops_gpu.schema.schema import Schema
from serving.request.columns import Column, Columns
from serving.request.event_columns import EVENT_ITEM, with_moments
from serving.request.null_values import nulls
from serving.request.request_bounds import check_values

MAX_EVENTS = 256
"""Most events of a user that one request may carry."""


def optional(column: ColumnSchema, default: float | None) -> ColumnSchema:
    """A copy of an input column that a request may leave out, with the value that it then has; None is a null."""
    return column.with_properties({"default": default})


def complete(batch: Columns, inputs: Schema) -> Columns:
    """Checks the columns of one request and adds the optional ones that it left out.

    Args:
        batch: columns by name, `[n]`, or `[n, m]` for what may have several values a user.
        inputs: the ensemble's input schema; `properties["default"]` marks optional columns and `domain`
            bounds values.

    Returns:
        All columns of `inputs`, in its types.

    Raises:
        ValueError: for a missing or unknown column, another type, another length, or a value outside its
            domain; names the column.
    """
    unknown = sorted(set(batch) - set(inputs.names))
    if unknown:
        raise ValueError(f"The request has a column {unknown[0]!r}; expected {', '.join(inputs.names)}.")
    rows = _rows(batch)
    columns = {column.name: _checked(batch.get(column.name), column, rows) for column in inputs}
    return with_moments(columns) if EVENT_ITEM in columns else columns


def join_requests(batches: Sequence[Columns], inputs: Schema) -> Columns:
    """One batch of all rows; bytes of different widths take the widest, lists of values the longest.

    Args:
        batches: completed requests, one at least.
        inputs: the ensemble's input schema.
    """
    if len(batches) == 1:
        return batches[0]
    return {column.name: _stacked([np.asarray(batch[column.name]) for batch in batches], column) for column in inputs}


def _stacked(arrays: Sequence[npt.NDArray[Any]], column: ColumnSchema) -> npt.NDArray[Any]:
    if "padded" in column.properties:
        width = max(array.shape[1] for array in arrays)
        pad = column.properties["default"]
        arrays = [
            np.pad(array, ((0, 0), (0, width - array.shape[1])), constant_values=pad)
            if array.shape[1] < width
            else array
            for array in arrays
        ]
    return np.concatenate(arrays)


def _rows(batch: Columns) -> int:
    lengths = {name: len(column) for name, column in batch.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"All columns of a request must have one length of at least 1, got {lengths}.")
    rows = next(iter(lengths.values()))
    if rows == 0:
        raise ValueError("The request is empty; send at least one user.")
    return rows


def _checked(value: Column | None, column: ColumnSchema, rows: int) -> Column:
    padded = "padded" in column.properties
    if value is None:
        return _default(column, rows, padded)
    if not isinstance(value, np.ndarray) or value.ndim != 1 + padded:
        wanted = "one row of values a user" if padded else "one value a user"
        raise ValueError(f"Column {column.name!r} of a request must be {wanted}.")
    if padded and value.shape[1] > MAX_EVENTS:
        raise ValueError(
            f"Column {column.name!r} of a request holds {value.shape[1]} values a user; send at most {MAX_EVENTS}."
        )
    if column.dtype == "string":
        return _checked_text(value, column)
    if value.dtype != column.numpy_dtype:
        raise ValueError(f"Column {column.name!r} of a request must be {column.dtype}, got {value.dtype}.")
    check_values(value, column)
    return value


def _default(column: ColumnSchema, rows: int, padded: bool) -> npt.NDArray[Any]:
    if "default" not in column.properties:
        raise ValueError(f"The request lacks column {column.name!r} of {column.dtype}.")
    default = column.properties["default"]
    if default is None:
        return nulls(column, rows)
    dtype = "S1" if column.dtype == "string" else column.numpy_dtype
    return np.empty((rows, 0), dtype) if padded else np.full(rows, default, dtype)


def _checked_text(value: npt.NDArray[Any], column: ColumnSchema) -> npt.NDArray[Any]:
    if value.dtype.kind != "S" or value.dtype.itemsize > MAX_ID_BYTES:
        raise ValueError(
            f"Column {column.name!r} of a request must be UTF-8 of at most {MAX_ID_BYTES} bytes, got {value.dtype}."
        )
    try:
        # With a zero behind each, none can borrow bytes from its neighbour.
        value.astype(f"S{value.dtype.itemsize + 1}").tobytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"Column {column.name!r} of a request must be UTF-8: {error.reason}.") from error
    return value
