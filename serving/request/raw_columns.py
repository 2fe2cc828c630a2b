"""Raw columns of a table as the columns of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from serving.request.columns import Column
from serving.request.null_values import nulls


def raw_column(values: pl.Series) -> Column:
    """A column as the feature store would give it.

    Args:
        values: texts, whole numbers, numbers, or lists of these.

    Returns:
        `Ragged` for lists, a null list being empty; else an array with nulls as empty text, NaN or the least int64.
    """
    schema = ColumnSchema.from_polars(values.name, values.dtype)
    if schema.is_list:
        lengths = values.list.len().fill_null(0).to_numpy().astype(np.int64)
        flat = values.drop_nulls().list.explode(empty_as_null=False)
        return Ragged.from_lengths(_array(flat, schema), lengths)
    return _array(values, schema)


def _array(values: pl.Series, schema: ColumnSchema) -> npt.NDArray[Any]:
    if schema.dtype == "string":
        return np.array([(value or "").encode() for value in values.to_list()], "S")
    found = values.is_not_null().to_numpy()
    if found.all():
        return values.to_numpy().astype(schema.numpy_dtype)
    result = nulls(schema, len(values))
    result[found] = values.drop_nulls().to_numpy()
    return result
