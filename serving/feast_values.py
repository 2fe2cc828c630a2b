"""Feast's messages to the columns of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.ragged import Ragged
from ops_gpu.schema import ColumnSchema
from serving.null_values import NULL_INTEGER, null_of
from serving.operators.base import Column

_FIELDS = {"bool": "bool_val", "float32": "float_val", "float64": "double_val", "string": "string_val"}
_SHORT = ("int8", "int16", "int32", "uint8", "uint16")

Row = Mapping[str, Any] | None
"""One user's messages by feature name; None for a user who is not in the store."""


def decode(column: ColumnSchema, rows: Sequence[Row]) -> Column:
    """One column of a batch.

    Args:
        column: name and type, as it was written.
        rows: what the store gave, one entry a user.

    Returns:
        `Ragged` for a list column, else an array `[rows]`; text as UTF-8 bytes (`S`). A null (or a user who
        is not there) is an empty list, empty text, NaN, false, or `NULL_INTEGER`.
    """
    field = _FIELDS.get(column.dtype, "int32_val" if column.dtype in _SHORT else "int64_val")
    if column.is_list:
        return _lists(column, rows, field.replace("_val", "_list_val"))
    null = null_of(column.dtype)
    values = [null if (message := _said(row, column.name)) is None else getattr(message, field) for row in rows]
    if column.dtype == "string":
        return _texts(values)
    return np.asarray(values, np.int64 if null == NULL_INTEGER else column.numpy_dtype)


def _lists(column: ColumnSchema, rows: Sequence[Row], field: str) -> Ragged:
    lists = [() if (message := _said(row, column.name)) is None else getattr(message, field).val for row in rows]
    lengths = np.fromiter(map(len, lists), np.int64, len(lists))
    flat: list[Any] = []
    for values in lists:
        flat.extend(values)
    joined = _texts(flat) if column.dtype == "string" else np.asarray(flat, column.numpy_dtype)
    return Ragged.from_lengths(joined, lengths)


def _said(row: Row, name: str) -> Any:
    """The message of a feature, None where it is null or missing."""
    message = None if row is None else row.get(name)
    return None if message is None or message.WhichOneof("val") is None else message


def _texts(values: Sequence[str]) -> npt.NDArray[Any]:
    return np.array([value.encode() for value in values], "S") if values else np.empty(0, "S1")
