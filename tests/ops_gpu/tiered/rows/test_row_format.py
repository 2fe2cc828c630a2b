from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.tiered import RowFormat
from tests.ops_gpu.tiered.stores import HISTORY, VECTOR, as_lists, histories, vectors

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=9).map(
    lambda text: text.encode()
)
ENTRY = st.tuples(TEXT, st.floats(width=32), st.lists(st.integers(-(2**63), 2**63 - 1)), st.lists(TEXT))


@given(st.lists(ENTRY, max_size=7))
def test_ragged_rows_come_back(entries: list[tuple[bytes, float, list[int], list[bytes]]]) -> None:
    columns: dict[str, Any] = {
        "city": np.array([e[0] for e in entries], "S") if entries else np.empty(0, "S1"),
        "age": np.array([e[1] for e in entries], np.float32),
        "items": Ragged.from_lists([e[2] for e in entries], np.int64),
        "counts": Ragged.from_lists([[len(w) for w in e[3]] for e in entries], np.int32),
        "words": Ragged.from_lists([e[3] for e in entries], "S40"),
    }
    found = HISTORY.decode(HISTORY.encode(columns))
    assert list(found) == list(columns)
    for name, column in columns.items():
        values = found[name]
        mine, its = (c.values if isinstance(c, Ragged) else c for c in (values, column))
        np.testing.assert_array_equal(mine, its)
        assert isinstance(values, Ragged) == isinstance(column, Ragged)
        if isinstance(values, Ragged):
            np.testing.assert_array_equal(values.offsets, column.offsets)
        assert mine.dtype.kind == its.dtype.kind


def test_fixed_rows_have_one_width_and_lists_have_none() -> None:
    assert VECTOR.width == 20 and HISTORY.width is None
    rows = VECTOR.encode(vectors([1, 2]))
    assert rows.dtype == np.dtype("V20")
    assert VECTOR.decode(rows, ["count"])["count"].tolist() == [1, 2]  # type: ignore[union-attr]
    assert list(VECTOR.decode(rows, ["count"])) == ["count"]


def test_the_default_row() -> None:
    rows = VECTOR.with_default(vectors([9]))
    some = rows.encode(vectors([1, 2, 3]))
    rows.fill(some, np.array([False, True, False]))
    assert rows.decode(some)["count"].tolist() == [1, 9, 3]  # type: ignore[union-attr]
    lists = HISTORY.with_default(histories([13]))
    some = lists.encode(histories([4, 5]))
    lists.fill(some, np.array([True, False]))
    assert as_lists(lists.decode(some), 0) == as_lists(histories([13]), 0)
    some = HISTORY.encode(histories([4]))
    HISTORY.fill(some, np.array([True]))
    assert as_lists(HISTORY.decode(some), 0) == {"city": b"", "age": 0, "items": [], "counts": [], "words": []}


@pytest.mark.parametrize("rows", [VECTOR, HISTORY, VECTOR.with_default(vectors([3]))])
def test_a_format_is_json(rows: RowFormat) -> None:
    assert RowFormat.from_dict(json.loads(json.dumps(rows.to_dict()))) == rows


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"vector": np.zeros((2, 4))}, "no column 'count'"),
        ({"vector": np.zeros((2, 3)), "count": np.zeros(2)}, "'vector' has the shape"),
        ({"vector": np.zeros((2, 4)), "count": np.zeros(3)}, "different numbers of rows"),
        ({"vector": np.zeros((2, 4)), "count": Ragged.from_lists([[], []], np.int32)}, "'count' is Ragged"),
    ],
)
def test_columns_that_do_not_fit_are_named(columns: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        VECTOR.encode(columns)


def test_types_that_no_row_holds_are_refused() -> None:
    with pytest.raises(ValueError, match="name them"):
        RowFormat.of_dtype(np.dtype("f4"))
    with pytest.raises(ValueError, match="'a' is"):
        RowFormat.of_dtype(np.dtype([("a", object)]))


def test_times_and_booleans() -> None:
    rows = RowFormat.of_schema(Schema([ColumnSchema("day", "date", is_list=True), ColumnSchema("there", "bool")]))
    days = Ragged.from_lists([["2026-01-02"], []], "datetime64[D]")
    found = rows.decode(rows.encode({"day": days, "there": np.array([True, False])}))
    assert as_lists(found, 0) == as_lists({"day": days, "there": np.array([True, False])}, 0)
