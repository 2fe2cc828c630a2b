"""Columns of a schema as Feast types, and their values as Feast's own messages."""

from __future__ import annotations

from typing import Any

import polars as pl
from feast import types
from feast.protos.feast.types import Value_pb2 as messages

from ops_gpu.schema.column import ColumnSchema

# dtype of the schema: Feast type, field of a value, message of a list.
_TYPES: dict[str, tuple[Any, str, Any]] = {
    "bool": (types.Bool, "bool_val", messages.BoolList),
    "int32": (types.Int32, "int32_val", messages.Int32List),
    "int64": (types.Int64, "int64_val", messages.Int64List),
    "float32": (types.Float32, "float_val", messages.FloatList),
    "float64": (types.Float64, "double_val", messages.DoubleList),
    "string": (types.String, "string_val", messages.StringList),
}
_STORED_AS = {"int8": "int32", "int16": "int32", "uint8": "int32", "uint16": "int32", "uint32": "int64"}


def stored_dtype(column: ColumnSchema) -> str:
    """The dtype in which Feast holds a column: 32 and 64 bits, text and truth values.

    Raises:
        ValueError: for times and for unsigned 64-bit numbers, which Feast has no exact type for.
    """
    dtype = _STORED_AS.get(column.dtype, column.dtype)
    if dtype not in _TYPES:
        raise ValueError(
            f"the feature {column.name!r} is of type {column.dtype}, which the feature store does not "
            "hold; cast "
            f"it to one of {', '.join(_TYPES)}."
        )
    return dtype


def feast_type(column: ColumnSchema) -> Any:
    """The Feast type of a column; an array for a list column."""
    element = _TYPES[stored_dtype(column)][0]
    return types.Array(element) if column.is_list else element


def encode(column: ColumnSchema, values: pl.Series) -> list[Any]:
    """The values of a column as Feast messages, one a row; a null is a message without a value.

    A null inside a list cannot be said, and is left out.
    """
    field, message = _TYPES[stored_dtype(column)][1:]
    if column.is_list:
        lists = values.list.drop_nulls().to_list()
        return [
            messages.Value()
            if row is None
            else messages.Value(**{field.replace("_val", "_list_val"): message(val=row)})
            for row in lists
        ]
    return [messages.Value() if value is None else messages.Value(**{field: value}) for value in values.to_list()]
