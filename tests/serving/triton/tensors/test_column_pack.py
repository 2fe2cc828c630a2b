from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ops_gpu.primitives.ragged import Ragged
from serving.ensemble.ensemble_plan import Place
from serving.request.columns import Column
from serving.triton.tensors.column_pack import ColumnPack

DTYPES = ("?", "u1", "i1", "i2", "i4", "i8", "f4", "f8", "S1", "S7", "M8[D]", "M8[us]")
TIMES = np.arange(6, dtype=np.float32).reshape(2, 3)


@st.composite
def columns(draw: st.DrawFn) -> dict[Place, Column]:
    users = draw(st.integers(1, 4))
    result: dict[Place, Column] = {}
    for number in range(draw(st.integers(1, 5))):
        dtype, inner = np.dtype(draw(st.sampled_from(DTYPES))), draw(st.sampled_from([(), (0,), (3,)]))
        lengths = np.array(draw(st.lists(st.integers(0, 3), min_size=users, max_size=users)))
        lists = draw(st.booleans())
        values: npt.NDArray[Any] = draw(hnp.arrays(dtype, (int(lengths.sum()) if lists else users, *inner)))
        place = (draw(st.integers(-1, 30)), draw(st.text(max_size=4)) + str(number))
        result[place] = Ragged.from_lengths(values, lengths) if lists else values
    return result


@settings(max_examples=100)
@given(columns())
def test_what_was_packed_comes_back(given: dict[Place, Column]) -> None:
    tensor = ColumnPack(given, TIMES).to_tensor()
    assert tensor.dtype == np.uint8 and tensor.shape == (1, tensor.size)
    assert tensor.flags.writeable and tensor.flags.c_contiguous
    back = ColumnPack.from_tensor(tensor)
    np.testing.assert_array_equal(back.stage_ms, TIMES)
    assert list(back.columns) == list(given) and len(back) == len(next(iter(given.values())))
    for place, column in given.items():
        other = back.columns[place]
        if isinstance(column, Ragged):
            assert isinstance(other, Ragged)
            np.testing.assert_array_equal(other.offsets, column.offsets)
            column, other = column.values, other.values
        assert isinstance(other, np.ndarray) and other.dtype == column.dtype and other.shape == column.shape
        np.testing.assert_array_equal(other, column)


def test_a_slice_of_a_larger_array_travels_alone() -> None:
    whole = np.arange(20).reshape(5, 4)
    back = ColumnPack.from_tensor(ColumnPack({(0, "a"): whole[1:3, ::2]}, TIMES).to_tensor())
    np.testing.assert_array_equal(np.asarray(back.columns[0, "a"]), [[4, 6], [8, 10]])


def packed(header: Any, memory: bytes = b"") -> npt.NDArray[np.uint8]:
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return np.frombuffer(len(text).to_bytes(8, "little") + text + memory, np.uint8)[None]


@pytest.mark.parametrize(
    "tensor",
    [
        np.zeros((1, 0), np.uint8),
        np.zeros((1, 3), np.uint8),
        np.full((1, 64), 255, np.uint8),
        packed([]),
        packed({"a": 1}),
        packed([[1, 1]]),
        packed([[1, 1], [0, "a"]], bytes(8)),
        packed([[1, 1], [0, "a", "|O", [1], -1]], bytes(16)),
        packed([[1, 1], [0, "a", "<i8", [10**12], -1]], bytes(16)),
        packed([[1, 1], [0, "a", "<i8", [-1], -1]], bytes(16)),
        packed([[1, 1], [0, "a", "<i8", [1], 1]], bytes(8 + 8) + (7).to_bytes(8, "little") * 2),
        packed([[1, 1], [0, "a", "no type", [1], -1]], bytes(16)),
    ],
)
def test_anything_else_is_refused(tensor: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="nothing that a step of an ensemble gives"):
        ColumnPack.from_tensor(tensor)


@pytest.mark.parametrize("kind", ["<04", "|O8", "i4,i4", "<i", "04", "<i4\n"])
def test_types_that_no_column_has_are_refused(kind: str) -> None:
    good = ColumnPack({(0, "a"): np.arange(3, dtype=np.int32)}, TIMES).to_tensor()
    header = good.tobytes().replace(b'"<i4"', json.dumps(kind).encode().ljust(5)[:12])
    with pytest.raises(ValueError, match="nothing that a step of an ensemble gives"):
        ColumnPack.from_tensor(np.frombuffer(header, np.uint8)[None, :])


@settings(max_examples=200)
@given(st.data())
def test_damaged_packs_raise_nothing_but_that(data: st.DataObject) -> None:
    good = ColumnPack(
        {(0, "a"): np.arange(3), (1, "b"): Ragged.from_lists([[1], [], [2, 3]], np.int32)}, TIMES
    ).to_tensor()
    damaged = good.copy()
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[0, data.draw(st.integers(0, good.size - 1))] = data.draw(st.integers(0, 255))
    try:
        ColumnPack.from_tensor(damaged[:, : data.draw(st.integers(0, good.size))])
    except ValueError as error:
        assert "ask its model" in str(error)


def test_lists_that_end_outside_of_their_values_are_refused() -> None:
    """Kernels read what offsets say without looking."""
    lists = Ragged.from_lengths(np.arange(3, dtype=np.int32), np.array([1, 2]))
    object.__setattr__(lists, "offsets", np.array([0, 4_000_000_000, 3]))
    with pytest.raises(ValueError, match="lists whose ends do not rise"):
        ColumnPack.from_tensor(ColumnPack({(0, "a"): lists}, TIMES).to_tensor())


def test_packs_of_different_users_do_not_go_together() -> None:
    one, other = ColumnPack({(0, "a"): np.arange(3)}, TIMES), ColumnPack({(1, "b"): np.arange(2)}, TIMES)
    with pytest.raises(ValueError, match="different numbers of users"):
        ColumnPack.merged([one, other])


def test_merged_packs_know_the_times_of_all() -> None:
    times = [np.array([[1, 2], [0, 0], [0, 0]], np.float32), np.array([[1, 2], [0, 0], [3, 4]], np.float32)]
    merged = ColumnPack.merged(ColumnPack({(row, "a"): np.arange(3)}, time) for row, time in enumerate(times))
    assert list(merged.columns) == [(0, "a"), (1, "a")]
    np.testing.assert_array_equal(merged.stage_ms, times[1])
