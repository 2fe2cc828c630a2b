"""Operators over numbers: what each does with odd values."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.graph.node import Node
from ops_gpu.operators import (
    Bucketize,
    Clip,
    FillMedian,
    FillMissing,
    HashBucket,
    ListSlice,
    LogOp,
    Normalize,
    NormalizeMinMax,
    Rename,
)
from ops_gpu.operators.continuous import fill_median
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow


def outputs(node: Node, values: list[Any], serve: list[Any] | None = None, dtype: Any = None) -> list[Any]:
    workflow = Workflow(node).fit(pl.DataFrame({"x": pl.Series(values, dtype=dtype)}))
    served = pl.DataFrame({"x": pl.Series(values if serve is None else serve, dtype=dtype)})
    return workflow.transform(served)[workflow.output_columns[0]].to_list()


def test_normalize() -> None:
    found = outputs(["x"] >> Normalize(), [1.0, 3.0, None, math.nan, math.inf])
    assert found[:2] == pytest.approx([-math.sqrt(0.5), math.sqrt(0.5)])
    assert found[2] is None
    assert math.isnan(found[3])
    assert outputs(["x"] >> Normalize(), [7, 7, 7]) == [0, 0, 0]
    assert outputs(["x"] >> Normalize(), [7]) == [0]


def test_large_means_do_not_cancel() -> None:
    """NVTabular sums squares: with a mean of 1e9 nothing is left of a deviation of 1."""
    found = outputs(["x"] >> Normalize("float64"), [1e9, 1e9 + 1, 1e9 + 2])
    assert found == pytest.approx([-1, 0, 1], abs=1e-6)


@given(st.lists(st.lists(st.floats(-1e6, 1e6), max_size=10), min_size=1, max_size=5))
def test_moments_of_parts_are_those_of_the_whole(parts: list[list[float]]) -> None:
    workflow = Workflow(["x"] >> Normalize())
    statistics = [workflow.partial(pl.DataFrame({"x": p}, schema={"x": pl.Float64})) for p in parts]
    merged = Statistics.merge(statistics).tables["1"]["x"].row(0, named=True)
    whole = pl.Series([value for part in parts for value in part], dtype=pl.Float64)
    assert merged["count"] == len(whole)
    assert merged["mean"] == pytest.approx(whole.mean() or 0, rel=1e-9, abs=1e-9)
    assert merged["m2"] == pytest.approx((whole.var(ddof=0) or 0) * len(whole), rel=1e-9, abs=1e-3)


def test_min_max() -> None:
    assert outputs(["x"] >> NormalizeMinMax(), [0, 10], [-5, 0, 20]) == [-0.5, 0, 2]
    assert outputs(["x"] >> NormalizeMinMax(), [7, 7], [7, 8]) == [0, 0]
    assert outputs(["x"] >> NormalizeMinMax(), [0, 0]) == [0, 0]


def test_clip() -> None:
    assert outputs(["x"] >> Clip(0, 2), [-1, 1, 3, None]) == [0, 1, 2, None]
    assert outputs(["x"] >> Clip(max_value=1.5), [1, 2]) == [1, 1.5]
    found = outputs(["x"] >> Clip(0.0, 1.0), [math.nan, math.inf, -math.inf])
    assert math.isnan(found[0])
    assert found[1:] == [1, 0]
    for wrong in (lambda: Clip(), lambda: Clip(2, 1)):
        with pytest.raises(ValueError, match="Clip has"):
            wrong()


def test_log() -> None:
    found = outputs(["x"] >> LogOp(), [0.0, math.e - 1, -1.0, -2.0, None])
    assert found[:3] == pytest.approx([0, 1, -math.inf])
    assert math.isnan(found[3])
    assert found[4] is None


def test_fill_missing() -> None:
    assert outputs(["x"] >> FillMissing(), [1.0, math.nan, None]) == [1, 0, 0]
    assert outputs(["x"] >> FillMissing(0.5), [1, None]) == [1, 0.5]
    assert outputs(["x"] >> FillMissing("?"), ["a", None]) == ["a", "?"]
    assert outputs(["x"] >> FillMissing(-1), [[1, None], None]) == [[1, -1], []]
    assert outputs(["x"] >> FillMissing(1), [None, False]) == [True, False]
    with pytest.raises(ValueError, match="column 'x' is of type String, and cannot be filled with 0"):
        outputs(["x"] >> FillMissing(), ["a"])


def test_fill_median() -> None:
    assert outputs(["x"] >> FillMedian(), [1, 5, None, 9]) == [1, 5, 5, 9]
    assert outputs(["x"] >> FillMedian(), [1.0, 2.0, math.nan, math.inf]) == [1, 2, 1.5, math.inf]
    assert outputs(["x"] >> FillMedian(), [None, None], dtype=pl.Float64) == [0, 0]
    node = ["x"] >> FillMedian(add_binary_cols=True)
    frame = pl.DataFrame({"x": [1.0, None]})
    assert Workflow(node).fit(frame).transform(frame)["x_filled"].to_list() == [False, True]


@given(st.lists(st.lists(st.floats(-1e9, 1e9), max_size=30), min_size=1, max_size=4), st.integers(0, 40))
def test_the_median_of_many_values_is_near_and_merges_exactly(parts: list[list[float]], exact: int) -> None:
    """With the exact part made small, however the parts are merged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fill_median, "EXACT", exact)
        frames = [pl.DataFrame({"x": part}, schema={"x": pl.Float64}) for part in parts]
        workflow = Workflow(["x"] >> FillMedian())
        statistics = [workflow.partial(frame) for frame in frames]
        merged = Statistics.merge(statistics).tables["1"]["x"]
        assert merged.equals(Statistics.merge(statistics[::-1]).tables["1"]["x"])
        whole = pl.concat(frames)
        assert merged.equals(workflow.partial(whole).tables["1"]["x"])
        found = workflow.fit(whole).transform(pl.DataFrame({"x": [None]}, schema={"x": pl.Float64})).item()
    ordered = whole["x"].sort()
    if len(ordered) % 2:
        assert found == pytest.approx(ordered[len(ordered) // 2], rel=1.01e-3, abs=0)


def test_bucketize() -> None:
    assert outputs(["x"] >> Bucketize([0, 10]), [-1.0, 0.0, 5.0, 10.0, None, math.nan]) == [0, 1, 1, 2, 3, 3]
    for wrong in ([], [2, 1], [1, 1]):
        with pytest.raises(ValueError, match="numbers that rise"):
            Bucketize(wrong)
    with pytest.raises(ValueError, match="add those of 'x'"):
        outputs(["x"] >> Bucketize({"y": [1]}), [1])


def test_hash_bucket() -> None:
    node = ["x"] >> HashBucket(10)
    found = outputs(node, list(range(1000)))
    assert set(found) == set(range(10))
    schema = Workflow(node).fit(pl.DataFrame({"x": [1]})).output_schema["x"]
    assert schema.domain.max == 9  # type: ignore[union-attr]  # NVTabular says 10
    with pytest.raises(ValueError, match="num_buckets 0"):
        outputs(["x"] >> HashBucket(0), [1])


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (ListSlice(2), [[1, 2], [4]]),
        (ListSlice(-2), [[2, 3], [4]]),
        (ListSlice(1, 3), [[2, 3], []]),
        (ListSlice(1, -1), [[2], []]),
        (ListSlice(-3, -1), [[1, 2], []]),
        (ListSlice(0), [[], []]),
        (ListSlice(2, pad=True), [[1, 2], [4, 0]]),
        (ListSlice(-4, pad=True, pad_value=-1), [[1, 2, 3, -1], [4, -1, -1, -1]]),
    ],
)
def test_list_slice(operator: ListSlice, expected: list[list[int]]) -> None:
    """NVTabular pads nothing on the CPU."""
    assert outputs(["x"] >> operator, [[1, 2, 3], [4]]) == expected


@given(st.lists(st.lists(st.integers(0, 9), max_size=5), min_size=1), st.integers(-4, 4), st.integers(-4, 4))
def test_slices_are_those_of_python(lists: list[list[int]], start: int, end: int) -> None:
    if start < 0 <= end:
        with pytest.raises(ValueError, match="count both from one side"):
            ListSlice(start, end)
        return
    found = outputs(["x"] >> ListSlice(start, end), lists, dtype=pl.List(pl.Int64))
    assert found == [values[start:end] for values in lists]


@pytest.mark.parametrize(
    ("values", "dtype", "pad_value", "expected"),
    [
        ([["a", "b", "c"], ["d"]], pl.String, 0, [["b", "c"], ["d", ""]]),
        ([["a"], None], pl.String, "?", [["a", "?"], ["?", "?"]]),
        ([["a"], []], pl.Categorical, 0, [["a", ""], ["", ""]]),
        ([[True]], pl.Boolean, 0, [[True, False]]),
        ([[1.5]], pl.Float32, 0, [[1.5, 0.0]]),
        ([[1.5]], pl.Float64, 0.1, [[1.5, 0.1]]),
        ([[1]], pl.UInt8, 255, [[1, 255]]),
        ([[None], []], pl.Null, 0, [[None, None], [None, None]]),
    ],
)
def test_lists_are_padded_with_what_they_can_hold(
    values: list[Any], dtype: Any, pad_value: float | str, expected: list[Any]
) -> None:
    assert outputs(["x"] >> ListSlice(-2, pad=True, pad_value=pad_value), values, dtype=pl.List(dtype)) == expected


@pytest.mark.parametrize(
    ("dtype", "pad_value"),
    [
        (pl.Int64, "x"),
        (pl.Int64, 0.5),
        (pl.UInt8, 300),
        (pl.UInt8, -1),
        (pl.String, 1),
        (pl.Boolean, 2),
        (pl.Date, 0),
        (pl.Float64, ""),
        (pl.Enum(["a"]), 0),
    ],
)
def test_lists_are_not_padded_with_what_they_cannot_hold(dtype: Any, pad_value: float | str) -> None:
    with pytest.raises(ValueError, match=r"column 'x' is of type List\(.*cannot be padded with .*of its type"):
        outputs(["x"] >> ListSlice(2, pad=True, pad_value=pad_value), [[]], dtype=pl.List(dtype))


def test_list_slice_says_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="no fixed length"):
        ListSlice(1, -1, pad=True)
    with pytest.raises(ValueError, match="ListSlice takes lists, and column 'x' is of type Int64"):
        outputs(["x"] >> ListSlice(2), [1])


def test_rename() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Rename()
    with pytest.raises(ValueError, match="takes one column, got a, b"):
        ["a", "b"] >> Rename(name="c")
    with pytest.raises(ValueError, match="'b' twice"):
        ["a", "b"] >> Rename({"a": "b"})
