from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ops_gpu.features.feature_table import FeatureTable, padded
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

FRAME = pl.DataFrame(
    {
        "item_id": pl.Series([5, 3], dtype=pl.Int32),
        "genres": pl.Series([[4, 3, 9], []], dtype=pl.List(pl.Int32)),
        "kind": pl.Series([7, 3], dtype=pl.Int32),
        "price": pl.Series([0.5, -1.0], dtype=pl.Float32),
        "left_out": [1, 2],
    }
)
SCHEMA = Schema(
    [
        ColumnSchema("item_id", "int32", frozenset({Tags.ITEM_ID})),
        ColumnSchema("genres", "int32", frozenset({Tags.CATEGORICAL}), is_list=True),
        ColumnSchema("kind", "int32", frozenset({Tags.CATEGORICAL})),
        ColumnSchema("price", "float32", frozenset({Tags.CONTINUOUS})),
    ]
)
TABLE = FeatureTable.from_frame(FRAME, "item_id", SCHEMA, 7)


def test_rows_lie_at_their_code() -> None:
    assert TABLE.size == 7 and list(TABLE.columns) == ["item_id", "genres", "kind", "price"]
    assert TABLE.columns["kind"].tolist() == [1, 1, 1, 3, 1, 7, 1]
    assert TABLE.columns["price"].tolist() == [0, 0, 0, -1, 0, 0.5, 0]
    assert TABLE.columns["genres"].tolist() == [[0, 0, 0]] * 5 + [[4, 3, 9], [0, 0, 0]]
    assert {name: values.dtype.name for name, values in TABLE.columns.items()} == {
        "item_id": "int32",
        "genres": "int32",
        "kind": "int32",
        "price": "float32",
    }


def test_an_entity_is_its_own_code_and_the_special_ones_are_unknown() -> None:
    assert TABLE.columns["item_id"].tolist() == [0, 2, 2, 3, 4, 5, 6]


def test_take() -> None:
    rows = TABLE.take(np.array([5, 3, 5]))
    assert rows["kind"].tolist() == [7, 3, 7] and rows["genres"].shape == (3, 3)


def test_a_saved_table_comes_back(tmp_path: Path) -> None:
    TABLE.save(tmp_path / "items")
    found = FeatureTable.load(tmp_path / "items")
    assert found.size == TABLE.size and set(found.columns) == set(TABLE.columns)
    for name, values in TABLE.columns.items():
        np.testing.assert_array_equal(found.columns[name], values)
        assert found.columns[name].dtype == values.dtype


def test_no_rows() -> None:
    found = FeatureTable.from_frame(FRAME.clear(), "item_id", SCHEMA, 4)
    assert found.columns["genres"].shape == (4, 1) and found.columns["kind"].tolist() == [1] * 4


@pytest.mark.parametrize(
    ("lists", "width", "expected"),
    [
        ([[1, 2], None, [3]], None, [[1, 2], [0, 0], [3, 0]]),
        ([[1, 2], [], [3]], 1, [[1], [0], [3]]),
        ([[1, 2]], 4, [[1, 2, 0, 0]]),
        ([[], None], None, [[0], [0]]),
        ([], None, []),
    ],
)
def test_padded(lists: list[list[int] | None], width: int | None, expected: list[list[int]]) -> None:
    found = padded(pl.Series(lists, dtype=pl.List(pl.Int64)), width)
    assert found.tolist() == expected and found.dtype == np.int32


def test_padded_numbers() -> None:
    found = padded(pl.Series([[0.5], [1.5, 0.0]], dtype=pl.List(pl.Float64)))
    assert found.tolist() == [[0.5, 0], [1.5, 0]] and found.dtype == np.float32
