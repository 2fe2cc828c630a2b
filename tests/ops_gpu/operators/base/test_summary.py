"""Means and deviations of numbers that are all equal, nearly equal, or as large as numbers can be."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ops_gpu.graph.node import Node
from ops_gpu.operators import (
    DataStats,
    FillMedian,
    Groupby,
    JoinGroupby,
    Normalize,
    NormalizeMinMax,
    TargetEncoding,
)
from ops_gpu.operators.continuous.data_stats import STATISTICS
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow

ANY = st.floats(allow_nan=False, allow_infinity=False)
CUTS = st.lists(st.integers(0, 400), max_size=4)


def fitted(node: Node, frame: pl.DataFrame, cuts: list[int]) -> Workflow:
    """A workflow whose statistics are taken of parts, and merged."""
    ends = sorted({0, len(frame), *(cut for cut in cuts if cut < len(frame))})
    parts = [Workflow(node).partial(frame[start:end]) for start, end in pairwise(ends)]
    return Workflow(node).finalize(Statistics.merge(parts))


@pytest.mark.parametrize("value", [14.62, 18.275, 0.1, -1e300, 1.7e308, 5e-324, -0.0, 2.0**53 + 2])
@pytest.mark.parametrize("rows", [1, 2, 3, 7, 100, 4001])
def test_numbers_that_are_all_equal_become_zero(value: float, rows: int) -> None:
    frame = pl.DataFrame({"x": [value] * rows})
    for node in (["x"] >> Normalize("float64"), ["x"] >> NormalizeMinMax("float64")):
        workflow = Workflow(node).fit(frame)
        assert workflow.transform(frame)["x"].unique().to_list() == [0.0]
        assert workflow.transform(frame[0])["x"].to_list() == [0.0]


@given(value=ANY, rows=st.integers(1, 400), cuts=CUTS, single=st.booleans())
def test_numbers_that_are_all_equal_become_zero_however_they_are_split(
    value: float, rows: int, cuts: list[int], single: bool
) -> None:
    frame = pl.DataFrame({"x": [value] * rows}, {"x": pl.Float32 if single else pl.Float64}).with_columns(
        pl.when(pl.col("x").is_finite()).then("x")  # what is too large for Float32
    )
    for node in (["x"] >> Normalize("float64"), ["x"] >> NormalizeMinMax("float64")):
        workflow = fitted(node, frame, cuts)
        found = workflow.transform(frame)["x"].drop_nulls()
        assert (found == 0).all()
        path = workflow.numpy_path("x")
        assert path is not None
        np.testing.assert_array_equal(path(frame["x"].drop_nulls().cast(pl.Float64).to_numpy()), found.to_numpy())


@given(
    offset=st.sampled_from([0.0, 14.62, 1e3, -1e6, 1e9, 1e12, 1e15]),
    steps=st.lists(st.integers(-50, 50), min_size=2, max_size=200),
    power=st.sampled_from([1, 2**8, 2**16]),
    cuts=CUTS,
)
def test_small_deviations_of_large_numbers_are_those_of_numpy(
    offset: float, steps: list[int], power: int, cuts: list[int]
) -> None:
    unit = np.spacing(offset) * power if offset else 1.0
    values = offset + np.array(steps) * unit
    frame = pl.DataFrame({"x": values})
    found = fitted(["x"] >> Normalize("float64"), frame, cuts).transform(frame)["x"].to_numpy()
    deviation = values.std(ddof=1)
    expected = (values - values.mean()) / deviation if deviation else np.zeros(len(values))
    # What a mean can be off by, in deviations: it is a number next to large ones itself.
    rounding = 4 * np.spacing(abs(offset)) / deviation if deviation else 0.0
    np.testing.assert_allclose(found, expected, rtol=1e-6 + 2 * rounding, atol=1e-6 + 2 * rounding)


@given(st.lists(ANY, min_size=1, max_size=6), CUTS)
def test_scaled_numbers_are_numbers(values: list[float], cuts: list[int]) -> None:
    frame = pl.DataFrame({"x": values})
    scaled = fitted(["x"] >> NormalizeMinMax("float64"), frame, cuts).transform(frame)["x"]
    assert scaled.is_between(0, 1).all()
    if len(set(values)) > 1:
        assert (scaled.min(), scaled.max()) == (0, pytest.approx(1))
    assert fitted(["x"] >> Normalize("float64"), frame, cuts).transform(frame)["x"].is_finite().all()


@given(value=ANY, rows=st.integers(2, 100), cuts=CUTS)
def test_groups_of_equal_numbers_have_no_deviation(value: float, rows: int, cuts: list[int]) -> None:
    frame = pl.DataFrame({"key": ["a"] * rows, "x": [value] * rows})
    stats = ["std", "var", "mean", "min"]
    joined = fitted(["key"] >> JoinGroupby(["x"], stats), frame, cuts).transform(frame)
    grouped = Workflow(["x"] >> Groupby("key", aggs=stats)).transform(frame)
    for row in (joined.row(0, named=True), grouped.row(0, named=True)):
        assert [value for name, value in row.items() if name.endswith(("std", "var"))] == [0.0, 0.0]
    assert joined["key_x_mean"][0] == joined["key_x_min"][0]
    described = fitted(["x"] >> DataStats(), frame, cuts)._state.nodes["1"][STATISTICS].row(0, named=True)
    assert (described["mean"], described["std"]) == (value, 0.0)


LARGEST = float(np.finfo(np.float32).max)
HUGE = st.one_of(ANY, st.sampled_from([1e39, -1e39, 1e200, 1.7e308, -1.7e308, LARGEST, 5e-324]))
FEW_OR_NONE = st.one_of(st.integers(-1000, 1000).map(float), st.sampled_from([np.inf, -np.inf, np.nan]), st.none())
"""Sums of which are the same in whatever order threads take them."""
ODD = st.one_of(HUGE, st.sampled_from([np.inf, -np.inf, np.nan]), st.none())


@given(st.lists(HUGE, max_size=5), st.lists(HUGE, min_size=1, max_size=5), st.sampled_from(["float32", "float64"]))
def test_scaled_numbers_that_were_not_fitted_on_are_the_same_both_ways(
    fit: list[float], serve: list[float], out_dtype: str
) -> None:
    """A value that comes later may lie 1e39 deviations off, which is infinite then."""
    served = pl.DataFrame({"x": serve})
    for node in (["x"] >> Normalize(out_dtype), ["x"] >> NormalizeMinMax(out_dtype)):
        workflow = Workflow(node).fit(pl.DataFrame({"x": fit}, {"x": pl.Float64}))
        found = workflow.transform(served)["x"]
        assert not found.is_nan().any()
        path = workflow.numpy_path("x")
        assert path is not None
        np.testing.assert_array_equal(path(served["x"].to_numpy()), found.to_numpy())


def test_what_is_infinite_stays_so_and_is_named_later() -> None:
    workflow = Workflow(["x"] >> Normalize()).fit(pl.DataFrame({"x": [1.0, 2.0]}))
    values = [np.inf, -np.inf, np.nan, None, 1e300]
    expected = [np.inf, -np.inf, np.nan, np.nan, np.inf]
    found = workflow.transform(pl.DataFrame({"x": values}))["x"]
    np.testing.assert_array_equal(found.to_numpy(), np.array(expected, np.float32))
    path = workflow.numpy_path("x")
    assert path is not None
    np.testing.assert_array_equal(path(np.array(values, np.float64)), np.array(expected, np.float32))


STATS = ["count", "sum", "mean", "std", "var", "min", "max"]


@given(st.lists(st.tuples(st.sampled_from("ab"), HUGE), min_size=1, max_size=20), CUTS)
def test_statistics_of_finite_numbers_are_never_infinite(rows: list[tuple[str, float]], cuts: list[int]) -> None:
    frame = pl.DataFrame({"key": [key for key, _ in rows], "x": [x for _, x in rows], "row": range(len(rows))})
    joined = fitted(["key"] >> JoinGroupby(["x"], STATS), frame, cuts).transform(frame)
    grouped = Workflow(["x"] >> Groupby("key", aggs=[*STATS, "median"])).transform(frame)
    for found in (joined, grouped):
        numbers = found.select(pl.selectors.float())
        assert not any(numbers[name].is_infinite().any() for name in numbers.columns)
    encoding = ["key"] >> TargetEncoding("x", fold_columns=["row"])
    for encoded in (Workflow(encoding).fit_transform(frame), Workflow(encoding).fit(frame).transform(frame)):
        assert encoded["TE_key_x"].is_finite().all()


@given(st.lists(st.tuples(st.sampled_from("ab"), FEW_OR_NONE), min_size=1, max_size=20), CUTS)
def test_what_is_no_finite_number_counts_like_null_everywhere(
    rows: list[tuple[str, float | None]], cuts: list[int]
) -> None:
    frame = pl.DataFrame(
        {"key": [key for key, _ in rows], "x": [x for _, x in rows], "row": range(len(rows))},
        {"key": pl.String, "x": pl.Float64, "row": pl.Int64},
    )
    nulls = frame.with_columns(pl.when(pl.col("x").is_finite()).then("x"))
    nodes = (
        ["key"] >> JoinGroupby(["x"], STATS),
        ["key"] >> TargetEncoding("x", fold_columns=["row"]),
        ["x"] >> FillMedian(),
        ["x"] >> Normalize("float64"),
        ["x"] >> NormalizeMinMax("float64"),
    )
    for node in nodes:
        one, other = (fitted(node, given, cuts).transform(nulls) for given in (frame, nulls))
        assert_frame_equal(one, other, rel_tol=1e-9)
    grouped = Workflow(["x"] >> Groupby("key", aggs=[*STATS, "nunique", "median"]))
    assert grouped.transform(frame).equals(grouped.transform(nulls))


def test_one_infinite_target_spoils_no_row() -> None:
    frame = pl.DataFrame({"s": list("xyxyz"), "y": [1.0, 0.0, np.inf, 1.0, 0.0]})
    found = Workflow(["s"] >> TargetEncoding("y")).fit(frame).transform(frame)["TE_s_y"]
    assert found.to_list() == pytest.approx([11 / 21, 0.5, 11 / 21, 0.5, 10 / 21])
    assert Workflow(["y"] >> Groupby("s", aggs=["sum"])).transform(frame)["y_sum"].to_list() == [1.0, 1.0, 0.0]


def test_statistics_of_an_older_version_merge_and_are_mended() -> None:
    """Up to version 0.1 the mean and deviation of equal numbers held what rounding had left there."""
    node = ["x"] >> Normalize("float64")
    frame = pl.DataFrame({"x": [14.62] * 3})
    old = Workflow(node).partial(frame)
    key, tables = next(iter(old.tables.items()))
    noisy = tables["x"].with_columns(mean=pl.col("mean") + 2e-15, m2=pl.lit(1e-29))
    older = Statistics(old.graph, old.schema, old.operators, old.below, {key: {"x": noisy}})
    for statistics in (older, Statistics.merge([older, older]), Statistics.merge([older, old])):
        assert Workflow(node).finalize(statistics).transform(frame)["x"].to_list() == [0, 0, 0]
    mixed = Statistics.merge([older, Workflow(node).partial(pl.DataFrame({"x": [16.62]}))])
    assert Workflow(node).finalize(mixed).transform(frame)["x"].to_list() == pytest.approx([-0.5] * 3)


def test_a_state_of_an_older_version_stays_as_the_models_above_it_know_it() -> None:
    node = ["x"] >> Normalize("float64")
    workflow = Workflow(node).fit(pl.DataFrame({"x": [14.62] * 3}))
    key, units = next(iter(workflow._state.nodes.items()))
    noisy = units["x"].with_columns(mean=pl.col("mean") + 2e-15, m2=pl.lit(1e-29))
    older = workflow._state.with_node(key, type(units)({"x": noisy}))
    workflow._set_state(older, None)
    assert workflow.transform(pl.DataFrame({"x": [14.62]}))["x"][0] != 0
