"""Feast's messages to the columns of a batch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from serving.request.columns import Column
from serving.request.null_values import NULL_INTEGER, null_of

_FIELDS = {"bool": "bool_val", "float32": "float_val", "float64": "double_val", "string": "string_val"}
_SHORT = ("int8", "int16", "int32", "uint8", "uint16")

Row = Mapping[str, Any] | None
"""One user's messages by feature name; None for a user who is not in the store."""


def decoder(column: ColumnSchema) -> Callable[[Sequence[Row]], Column]:
    """Makes one column of a batch from what the store gave, one entry a user.

    The column is `Ragged` for lists, else an array `[rows]`; text as UTF-8 bytes (`S`). A null (or a user who is not
    there) is an empty list, empty text, NaN, false, or `NULL_INTEGER`.

    Args:
        column: name and type, as it was written.
    """
    name, is_text, dtype = column.name, column.dtype == "string", column.numpy_dtype
    field = _FIELDS.get(column.dtype, "int32_val" if column.dtype in _SHORT else "int64_val")
    if column.is_list:
        list_field = field.replace("_val", "_list_val")

        def lists(rows: Sequence[Row]) -> Column:
            found = [_values(row, name, list_field) for row in rows]
            flat = found[0] if len(found) == 1 else list(itertools.chain.from_iterable(found))
            lengths = np.array([len(values) for values in found], np.int64)
            return Ragged.from_lengths(_texts(flat) if is_text else np.asarray(flat, dtype), lengths)

        return lists
    null = null_of(column.dtype)
    dtype = np.dtype(np.int64) if null == NULL_INTEGER else dtype

    def scalars(rows: Sequence[Row]) -> Column:
        found = [null if (message := _said(row, name)) is None else getattr(message, field) for row in rows]
        return _texts(found) if is_text else np.asarray(found, dtype)

    return scalars


def _values(row: Row, name: str, field: str) -> list[Any]:
    message = None if row is None else row.get(name)
    if message is None:
        return []
    values: list[Any] = getattr(message, field).val[:]  # of a null: none
    return values


def _said(row: Row, name: str) -> Any:
    """The message of a feature, None where it is null or missing."""
    message = None if row is None else row.get(name)
    return None if message is None or message.WhichOneof("val") is None else message


def _texts(values: Sequence[str]) -> npt.NDArray[Any]:
    return np.array([value.encode() for value in values], "S") if values else np.empty(0, "S1")
