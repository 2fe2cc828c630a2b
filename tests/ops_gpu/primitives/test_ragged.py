from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.primitives.ragged import FEW_ROWS, Ragged

lists = st.lists(st.lists(st.integers(-5, 5), max_size=6), max_size=8)


def plain(ragged: Ragged) -> list[list[Any]]:
    return [row.tolist() for row in ragged]


@given(lists)
def test_lists_come_back(rows: list[list[int]]) -> None:
    ragged = Ragged.from_lists(rows, np.int32)
    assert plain(ragged) == rows
    assert ragged.values.dtype == np.int32
    assert len(ragged) == len(rows)
    assert ragged.lengths.tolist() == [len(row) for row in rows]
    assert ragged.row_ids.tolist() == [number for number, row in enumerate(rows) for _ in row]
    assert plain(Ragged.from_lengths(ragged.values, ragged.lengths)) == rows
    assert plain(ragged.with_values(ragged.values * 2)) == [[2 * value for value in row] for row in rows]


@given(lists)
def test_keep(rows: list[list[int]]) -> None:
    ragged = Ragged.from_lists(rows, np.int32)
    assert plain(ragged.keep(ragged.values > 0)) == [[value for value in row if value > 0] for row in rows]


@given(lists, st.lists(st.integers(0, 7), max_size=10))
def test_take(rows: list[list[int]], wanted: list[int]) -> None:
    chosen = [number for number in wanted if number < len(rows)]
    ragged = Ragged.from_lists(rows, np.int32)
    assert plain(ragged.take(np.array(chosen, np.int64))) == [rows[number] for number in chosen]
    places = ragged.places(np.array(chosen, np.int64))
    assert ragged.values[places.values].tolist() == [value for number in chosen for value in rows[number]]


@given(lists, st.integers(0, 7))
def test_tail(rows: list[list[int]], length: int) -> None:
    found = Ragged.from_lists(rows, np.int32).tail(length)
    assert plain(found) == [row[max(0, len(row) - length) :] for row in rows]


@given(lists, st.integers(0, 7))
def test_to_dense(rows: list[list[int]], width: int) -> None:
    for many in (rows, rows * (1 + FEW_ROWS)):  # copied row by row, and all at once
        dense = Ragged.from_lists(many, np.int32).to_dense(width, 9)
        assert dense.shape == (len(many), width)
        assert dense.tolist() == [(row + [9] * width)[:width] for row in many]


def test_rows_of_vectors() -> None:
    ragged = Ragged.from_lengths(np.arange(8.0).reshape(4, 2), np.array([1, 0, 3]))
    assert ragged.take(np.array([2, 0]))[0].tolist() == [[2, 3], [4, 5], [6, 7]]
    assert ragged.to_dense(2, 0.0)[2].tolist() == [[2, 3], [4, 5]]


def test_bytes() -> None:
    ragged = Ragged.from_lists([[b"a", b"long"], [b"bb"]], np.bytes_)
    assert plain(ragged) == [[b"a", b"long"], [b"bb"]]
    assert ragged.to_dense(2, b"").tolist() == [[b"a", b"long"], [b"bb", b""]]


@pytest.mark.parametrize("offsets", [[], [0, 2], [1, 3], [0, 4]])
def test_offsets_must_cover_the_values(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match="offsets must run from 0 to the 3 values"):
        Ragged(np.arange(3), np.array(offsets, np.int64))


def test_rows_between_two_lie_in_the_same_memory() -> None:
    lists = Ragged.from_lists([[1, 2], [], [3], [4, 5, 6]], np.int64)
    assert lists.between(0, 4) is lists
    middle = lists.between(1, 3)
    assert [row.tolist() for row in (middle[0], middle[1])] == [[], [3]] and len(middle) == 2
    assert np.shares_memory(middle.values, lists.values)
    assert len(lists.between(2, 2)) == 0
