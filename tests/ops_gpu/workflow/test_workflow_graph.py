"""Parts of graphs: every operator's columns by themselves, from what they follow from and nothing else."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ops_gpu import operators as ops
from ops_gpu.graph.node import Node, topological
from ops_gpu.operators.base.row_filter import RowFilter
from ops_gpu.workflow.workflow import Workflow
from tests.ops_gpu.operators.base.test_across_rows import ACROSS, EVENTS
from tests.ops_gpu.operators.cases import CASES, odd_frame

NUMBERS = pl.DataFrame({"a": [1.0, 2.0, None], "b": [3.0, 4.0, 5.0], "c": [1, 0, 1], "d": ["x", "y", None]})
FILTERS: dict[str, Node] = {
    "Filter": (["a", "b", "c"] >> ops.Filter("c = 1") >> ops.Rename(postfix="_kept")) + ["d"],
    "Dropna": (["a", "b"] >> ops.Dropna()) + (["d"] >> ops.Categorify()),
}
ALL = {**CASES, **ACROSS, **FILTERS}
FRAMES = dict.fromkeys(CASES, odd_frame()) | dict.fromkeys(ACROSS, EVENTS) | dict.fromkeys(FILTERS, NUMBERS)
names = pytest.mark.parametrize("case", ALL)


def fitted(case: str) -> Workflow:
    return Workflow(ALL[case]).fit(FRAMES[case])


@names
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_some_columns_are_computed_from_what_they_need_alone(case: str, data: st.DataObject, tmp_path: Path) -> None:
    whole = fitted(case)
    chosen = data.draw(st.lists(st.sampled_from(whole.output_columns), min_size=1, unique=True))
    part = whole.get_subworkflow(chosen)
    assert part.output_columns == chosen
    found = part.transform(FRAMES[case].select(part.input_columns))
    assert_frame_equal(found, whole.transform(FRAMES[case]).select(chosen), check_exact=True)
    assert part.output_schema == whole.output_schema.select_by_name(chosen)
    part.save(tmp_path / "part")
    loaded = Workflow.load(tmp_path / "part")
    assert (loaded.input_columns, loaded.hash()) == (part.input_columns, part.hash())


def filters_read(node: Node) -> set[str]:
    """Raw columns that decide which rows there are."""
    found: set[str] = set()
    for other in topological(node):
        if isinstance(other.operator, RowFilter):
            for name in other.operator.required(other.input_names):
                found |= set(Node(None, other.parents).origin(name).names)
    return found


@names
def test_no_column_asks_for_inputs_that_it_does_not_need(case: str) -> None:
    """Whatever is computable without an input does not ask for it."""
    whole = fitted(case)
    beside = filters_read(whole.node)
    for column in whole.output_columns:
        asked = whole.get_subworkflow(column).input_columns
        for unneeded in set(asked) - beside:
            rest = [name for name in whole.input_columns if name != unneeded]
            try:
                without = whole.for_inputs(rest)
            except ValueError:
                continue  # nothing at all can be computed
            assert column not in without.output_columns, (column, unneeded)


@names
def test_a_part_of_the_inputs_reads_no_more_than_its_columns_need(case: str) -> None:
    whole = fitted(case)
    for left_out in whole.input_columns:
        try:
            part = whole.for_inputs(name for name in whole.input_columns if name != left_out)
        except ValueError:
            continue
        needed = {name for column in part.node.names for name in part.get_subworkflow(column).input_columns}
        assert set(part.input_columns) == needed
        assert part.transform(FRAMES[case].select(part.input_columns)).columns == part.output_columns


def test_renamed_columns_are_followed_back() -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0], "c": [5.0, None]})
    graph = ["a", "b", "c"] >> ops.FillMissing(0.0, add_binary_cols=True) >> ops.LogOp() >> ops.Rename(postfix="_log")
    whole = Workflow(graph).fit(frame)
    assert whole.get_subworkflow(["b_log"]).input_columns == ["b"]
    assert whole.get_subworkflow(["c_filled_log"]).input_columns == ["c"]


def test_a_filter_asks_for_what_it_reads() -> None:
    whole = fitted("Filter")
    assert whole.get_subworkflow("a_kept").input_columns == ["a", "c"]
    assert whole.get_subworkflow("d").input_columns == ["d", "c"]
    assert whole.get_subworkflow("d").transform(NUMBERS[["c", "d"]])["d"].to_list() == ["x", None]
    assert set(fitted("Dropna").get_subworkflow("d").input_columns) == {"a", "b", "d"}
    assert whole.remove_inputs("b").output_columns == ["a_kept", "c_kept", "d"]


def test_filters_below_groups_stay_where_they_are() -> None:
    frame = pl.DataFrame({"u": [1, 1, 2], "x": [1, 5, 1], "y": [1, 2, 3]})
    both = (["x"] >> ops.Filter("x < 3")) + ["y"] >> ops.Groupby("u", aggs={"x": "list", "y": "list"})
    whole = Workflow(both)
    part = whole.get_subworkflow("y_list")
    assert whole.transform(frame)["y_list"].to_list() == part.transform(frame)["y_list"].to_list() == [[1], [3]]


def test_groups_and_tables_ask_for_their_keys_and_what_is_asked_of_them() -> None:
    events = pl.DataFrame({"u": [1, 1], "t": [1, 2], "x": [3, 4], "y": [5, 6]})
    groups = Workflow(["x", "y"] >> ops.Groupby("u", "t", {"x": "list", "y": ["first", "max"]}))
    assert groups.get_subworkflow("x_list").input_columns == ["x", "u", "t"]
    assert groups.get_subworkflow("y_max").transform(events.drop("x"))["y_max"].to_list() == [6]
    assert groups.get_subworkflow("u").input_columns == ["u", "t"]
    table = pl.DataFrame({"x": [3], "price": [2.0]})
    joined = Workflow(["x", "y"] >> ops.JoinExternal(table, on="x")).fit(events)
    assert joined.get_subworkflow("price").input_columns == ["x"]
    assert joined.get_subworkflow("y").input_columns == ["y"]
