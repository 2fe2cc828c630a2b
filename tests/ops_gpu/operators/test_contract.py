"""What holds for every operator."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ops_gpu import operators as ops
from ops_gpu.operators.base import lookup_table
from ops_gpu.operators.base.fitted_operator import FittedOperator
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow
from tests.ops_gpu.operators.base.test_across_rows import ACROSS
from tests.ops_gpu.operators.cases import CASES, odd_frame, unseen_frame

names = pytest.mark.parametrize("case", CASES)
splits = st.lists(st.integers(0, 12), max_size=4)


def same(left: pl.DataFrame, right: pl.DataFrame) -> None:
    assert_frame_equal(left, right, check_exact=True)


def batches(frame: pl.DataFrame, cuts: list[int]) -> list[pl.DataFrame]:
    ends = sorted({0, len(frame), *cuts})
    return [frame[start:end] for start, end in pairwise(ends)]


def fitted(case: str) -> Workflow:
    return Workflow(CASES[case]).fit(odd_frame())


def test_every_operator_has_a_case() -> None:
    used = {case.partition("-")[0] for case in [*CASES, *ACROSS]} | {"Filter", "Dropna"}
    assert set(ops.__all__) <= used, f"give cases.py a graph of {set(ops.__all__) - used}"


@names
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=splits)
def test_batches_and_rows_give_what_the_whole_gives(case: str, cuts: list[int]) -> None:
    workflow, frame = Workflow(CASES[case]).fit(odd_frame()), odd_frame()
    whole = workflow.transform(frame)
    same(pl.concat([workflow.transform(part) for part in batches(frame, cuts)]), whole)
    same(pl.concat([workflow.transform(frame[i]) for i in range(len(frame))]), whole)


@names
@settings(max_examples=20)
@given(numbers=st.lists(st.none() | st.floats(width=32) | st.floats(-1e6, 1e6, width=32), max_size=12))
def test_numbers_take_the_short_way_to_the_same_bits(case: str, numbers: list[float | None]) -> None:
    workflow = Workflow(CASES[case]).fit(odd_frame())
    for column in workflow.output_columns:
        path = workflow.numpy_path(column)
        if path is None:
            continue
        given = pl.Series(path.source, numbers, pl.Float64)
        if workflow.input_schema[path.source].polars_dtype.is_integer():
            given = given.fill_nan(None).clip(-9, 9).cast(odd_frame().schema[path.source], strict=False)
        frame = odd_frame().clear().with_columns(given) if not numbers else pl.DataFrame({path.source: given})
        wanted = [pl.lit(None, dtype).alias(name) for name, dtype in odd_frame().schema.items() if name != path.source]
        expected = workflow.transform(frame.with_columns(wanted))[column].to_numpy()
        found = path(given.cast(pl.Float64).to_numpy())
        np.testing.assert_array_equal(found.astype(expected.dtype), expected)


def test_which_operators_take_the_short_way() -> None:
    short = {case for case in CASES if any(map(fitted(case).numpy_path, fitted(case).output_columns))}
    assert {case.partition("-")[0] for case in short} >= {"FillMissing", "LogOp", "Normalize", "NormalizeMinMax"}


@names
def test_joins_give_what_searches_give(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.concat([odd_frame(), unseen_frame()])
    workflow = Workflow(CASES[case]).fit(odd_frame())
    searched = workflow.transform(frame)
    lazy = workflow.transform(frame.lazy())
    same(lazy.collect(), searched)
    same(lazy.collect(engine="streaming"), searched)
    monkeypatch.setattr(lookup_table, "SMALL", 0)
    same(workflow.transform(frame), searched)


@names
@settings(max_examples=8)
@given(cuts=splits, order=st.randoms(use_true_random=False))
def test_statistics_of_parts_merge_to_those_of_the_whole(case: str, cuts: list[int], order: object) -> None:
    whole = Workflow(CASES[case]).fit(odd_frame())
    if max((len(whole._graph.fitted_below(n)) for n in whole._graph.fitted.values()), default=0):
        with pytest.raises(ValueError, match="which is not fitted; call fit first"):  # levels cannot be told apart
            Workflow(CASES[case]).partial(odd_frame())
        return
    parts = [Workflow(CASES[case]).partial(part) for part in batches(odd_frame(), cuts)]
    order.shuffle(parts)  # type: ignore[attr-defined]
    merged = Statistics.merge([Statistics.merge(parts[:2]), *parts[2:]])
    found = Workflow(CASES[case]).finalize(merged).transform(odd_frame())
    assert_frame_equal(found, whole.transform(odd_frame()), rel_tol=1e-6, abs_tol=1e-9)
    for node, units in merged.tables.items():
        for unit, table in units.items():
            expected = whole.statistics.tables[node][unit]  # type: ignore[union-attr]
            assert_frame_equal(table, expected, rel_tol=1e-9, abs_tol=1e-9, check_row_order=False)


@names
def test_saved_and_loaded_is_as_before(case: str, tmp_path: Path) -> None:
    workflow = Workflow(CASES[case]).fit(odd_frame())
    workflow.save(tmp_path / "workflow", statistics=True)
    loaded = Workflow.load(tmp_path / "workflow")
    frame = pl.concat([odd_frame(), unseen_frame()])
    same(loaded.transform(frame), workflow.transform(frame))
    assert loaded.hash() == workflow.hash()
    assert loaded.output_schema == workflow.output_schema


@names
def test_an_empty_frame_is_fine_anywhere(case: str) -> None:
    workflow = Workflow(CASES[case]).fit(odd_frame())
    found = workflow.transform(odd_frame().clear())
    assert found.schema == workflow.transform(odd_frame()).schema
    assert found.height == 0
    assert Workflow(CASES[case]).fit(odd_frame().clear()).transform(odd_frame()).height == 12


@names
@pytest.mark.parametrize("typed", [True, False])
def test_all_null_columns_are_fine(case: str, typed: bool) -> None:
    frame = odd_frame().select(pl.lit(None).alias(name) for name in odd_frame().columns)
    frame = pl.concat([frame] * 3)
    if typed or case.startswith(("ListSlice", "FillMissing-text", "LambdaOp-lists")):
        frame = frame.cast(dict(odd_frame().schema))
    workflow = Workflow(CASES[case]).fit(frame)
    assert workflow.transform(frame).height == 3
    assert workflow.transform(frame[0]).equals(workflow.transform(frame)[0], null_equal=True)
    if typed:
        assert workflow.transform(odd_frame()).height == 12


@names
def test_unseen_values_are_no_error(case: str) -> None:
    workflow = Workflow(CASES[case]).fit(odd_frame())
    assert workflow.transform(unseen_frame()).schema == workflow.transform(odd_frame()).schema


@names
def test_the_input_stays_as_it_is(case: str) -> None:
    frame, before = odd_frame(), odd_frame()
    Workflow(CASES[case]).fit(frame).transform(frame)
    same(frame, before)


@names
def test_the_schema_says_what_comes_out(case: str) -> None:
    workflow = Workflow(CASES[case]).fit(odd_frame())
    found = workflow.transform(pl.concat([odd_frame(), unseen_frame()]))
    schema = workflow.output_schema
    assert schema.polars_schema == found.schema
    for column in schema:
        if column.cardinality is not None and column.dtype == "int32":
            values = found[column.name]
            values = values.explode(empty_as_null=False) if column.is_list else values
            assert values.min() >= 0  # type: ignore[operator]
            assert values.max() < column.cardinality  # type: ignore[operator]


@names
def test_a_second_fit_starts_anew(case: str) -> None:
    workflow = Workflow(CASES[case]).fit(unseen_frame())
    assert workflow.fit(odd_frame()).hash() == Workflow(CASES[case]).fit(odd_frame()).hash()


def test_every_fitted_operator_keeps_small_frames_only() -> None:
    for name in ops.__all__:
        operator = getattr(ops, name)
        if issubclass(operator, FittedOperator):
            for case, node in CASES.items():
                if case.partition("-")[0] == name:
                    state = Workflow(node).fit(odd_frame())._state.nodes
                    assert all(len(table) <= 30 for units in state.values() for table in units.values())
