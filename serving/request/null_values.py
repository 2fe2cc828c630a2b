"""What a null is in a batch, whose arrays have no other way to say it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.id_limits import NULL_INTEGER as NULL_INTEGER

_NULLS: dict[str, Any] = {"bool": False, "float32": np.nan, "float64": np.nan, "string": ""}


def null_of(dtype: str) -> Any:
    """What a null is in a column of this type."""
    return _NULLS.get(dtype, NULL_INTEGER)


def is_null(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where a column says nothing: empty text, NaN, the least int64; a truth value always says something."""
    if values.dtype.kind == "S":
        return np.asarray(values == b"", np.bool_)
    if values.dtype.kind == "f":
        return np.asarray(np.isnan(values), np.bool_)
    if values.dtype == np.int64:
        return np.asarray(values == NULL_INTEGER, np.bool_)
    return np.zeros(values.shape, np.bool_)


def nulls(column: ColumnSchema, rows: int) -> npt.NDArray[Any]:
    """So many nulls as a column of this type.

    Raises:
        ValueError: for a type without a null.
    """
    if column.dtype not in ("string", "float32", "float64", "int64"):
        raise ValueError(f"Column {column.name!r} of {column.dtype} has no null; make it int64, float32 or string.")
    return np.full(rows, null_of(column.dtype), column.numpy_dtype)
