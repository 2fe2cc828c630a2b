from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from feature_repo.feast_types import encode, feast_type
from ops_gpu.schema.column import ColumnSchema
from serving.request.null_values import NULL_INTEGER
from serving.stores.feast_values import decoder


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        (ColumnSchema("x", "int64"), [2**60 + 1, None], [2**60 + 1, NULL_INTEGER]),
        (ColumnSchema("x", "uint8"), [7, 0], [7, 0]),
        (ColumnSchema("x", "float32"), [1.5, 0.0], [1.5, 0.0]),
        (ColumnSchema("x", "float64"), [0.1, -0.0], [0.1, -0.0]),
        (ColumnSchema("x", "string"), ["é", "", None], ["é".encode(), b"", b""]),
        (ColumnSchema("x", "bool"), [True, False, None], [True, False, False]),
    ],
)
def test_values_come_back_as_they_went(column: ColumnSchema, values: list[Any], expected: list[Any]) -> None:
    messages = encode(column, pl.Series("x", values, column.polars_dtype))
    result: Any = decoder(column)([{"x": message} for message in messages])
    assert result.tolist() == expected


@pytest.mark.parametrize(
    ("dtype", "lists"),
    [("int64", [[1, 2], [], [2**60 + 1]]), ("float32", [[0.5], [], []]), ("string", [["é", "b"], [], ["c"]])],
)
def test_lists_come_back_as_they_went(dtype: str, lists: list[list[Any]]) -> None:
    column = ColumnSchema("x", dtype, is_list=True)
    messages = encode(column, pl.Series("x", [*lists, None], column.polars_dtype))
    result: Any = decoder(column)([*({"x": message} for message in messages), None])
    plain = [[v.decode() if isinstance(v, bytes) else v for v in result[row].tolist()] for row in range(len(result))]
    assert plain == [*lists, [], []]


def test_what_is_missing_is_null() -> None:
    assert decoder(ColumnSchema("x", "string"))([None, {}]).tolist() == [b"", b""]  # type: ignore[union-attr]
    assert decoder(ColumnSchema("x", "int64"))([None]).tolist() == [NULL_INTEGER]  # type: ignore[union-attr]


def test_types_without_an_exact_counterpart_are_refused() -> None:
    assert str(feast_type(ColumnSchema("x", "int64", is_list=True))) == "Array(Int64)"
    with pytest.raises(ValueError, match="the feature 'x' is of type datetime"):
        feast_type(ColumnSchema("x", "datetime"))
