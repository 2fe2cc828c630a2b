"""What holds for operators that look at other rows, and for those that leave rows out or make groups of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ops_gpu import operators as ops
from ops_gpu.engines.dask import DaskEngine
from ops_gpu.engines.dataset import Dataset
from ops_gpu.graph.node import Node
from ops_gpu.graph.operator import Operator
from ops_gpu.workflow.workflow import Workflow

EVENTS = pl.DataFrame(
    {
        "user": [1, 1, 2, 1, 2, None, 1, 2],
        "time": [10, 5, 3, 5, 9, 1, None, 3],
        "price": [1.0, 2.0, 3.0, 4.0, float("nan"), 6.0, 7.0, None],
        "item": ["a", "b", "c", "d", "e", "f", "g", None],
    }
)

ACROSS: dict[str, Node] = {
    "DifferenceLag": ["price"] >> ops.DifferenceLag("user", [1, -1], "time"),
    "Sessionize": ["time"] >> ops.Sessionize(4, "user"),
    "History": ["item", "price"] >> ops.History("user", "time", 2),
    "Groupby": ["item", "price"]
    >> ops.Groupby("user", "time", {"item": ["list", "first", "nunique"], "price": ["mean", "sum", "std", "count"]}),
    "Groupby-all": ["item", "price"] >> ops.Groupby(["user"], aggs=["last", "min", "max"]),
    "coded-key": (["user"] >> ops.Categorify()) + ["item", "time"] >> ops.Groupby("user", "time", {"item": "list"}),
    "session-rows": (["time"] >> ops.Sessionize(4, "user")) + ["item", "user", "time"]
    >> ops.Groupby(["user", "session"], "time", {"item": "list"}),
    "filtered": ["item", "price", "user", "time"]
    >> ops.Filter("price > 1.5")
    >> ops.Groupby("user", "time", {"item": "list", "price": "sum"}),
    "learnt-above": (["item"] >> ops.Groupby("user", "time", "list"))["item_list"] >> ops.Categorify(),
}

names = pytest.mark.parametrize("case", ACROSS)


def ordered(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows in an order of their own, for groups come as their keys do."""
    texts = frame.select(pl.all().map_batches(lambda s: pl.Series([str(v) for v in s.to_list()], dtype=pl.String)))
    return frame[texts.with_row_index("row").sort(frame.columns)["row"].to_list()]


def same(left: pl.DataFrame, right: pl.DataFrame) -> None:
    assert_frame_equal(ordered(left), ordered(right), check_exact=True)


@names
@settings(max_examples=10)
@given(first=st.sets(st.sampled_from([1, 2, None])))
def test_splits_that_keep_a_key_together_give_what_the_whole_gives(case: str, first: set[int | None]) -> None:
    workflow = Workflow(ACROSS[case]).fit(EVENTS)
    one = EVENTS.filter(pl.col("user").is_in(list(first), nulls_equal=True))
    other = EVENTS.filter(~pl.col("user").is_in(list(first), nulls_equal=True))
    same(pl.concat([workflow.transform(one), workflow.transform(other)]), workflow.transform(EVENTS))


@names
def test_lazy_frames_and_saved_workflows_agree(case: str, tmp_path: Path) -> None:
    workflow = Workflow(ACROSS[case]).fit(EVENTS)
    expected = workflow.transform(EVENTS)
    same(workflow.transform(EVENTS.lazy()).collect(), expected)
    same(workflow.transform(EVENTS.lazy()).collect(engine="streaming"), expected)
    workflow.save(tmp_path / "workflow", statistics=True)
    same(Workflow.load(tmp_path / "workflow").transform(EVENTS), expected)
    assert workflow.output_schema.polars_schema == expected.schema


@names
def test_empty_frames_are_fine(case: str) -> None:
    workflow = Workflow(ACROSS[case]).fit(EVENTS)
    found = workflow.transform(EVENTS.clear())
    assert found.height == 0
    assert found.schema == workflow.transform(EVENTS).schema


@names
@pytest.mark.parametrize("cluster", [False, True])
def test_events_in_many_files_come_together_by_key(case: str, cluster: bool, dask: DaskEngine, tmp_path: Path) -> None:
    """NVTabular groups every partition by itself: a user in two files gets two rows, and nobody is told."""
    frame = many_events()
    for day in range(6):
        frame.filter(pl.col("time") // 20 == day).write_parquet(tmp_path / f"{day}.parquet")
    dataset = Dataset(tmp_path / "*.parquet")
    whole = dataset.collect()
    expected = Workflow(ACROSS[case]).fit(whole)
    engine = dask if cluster else None
    found = Workflow(ACROSS[case]).fit(dataset, engine)
    written = found.transform(dataset).to_parquet(tmp_path / "out", engine=engine, rows=7)
    assert len(written.files) > 1
    assert found.hash() == expected.hash()
    same(written.collect(), expected.transform(whole))
    assert not list(tmp_path.glob(".by-key-*"))


@pytest.mark.parametrize("cluster", [False, True])
def test_one_workflow_above_another_sees_what_that_one_gives(cluster: bool, dask: DaskEngine, tmp_path: Path) -> None:
    frame, engine = many_events(), dask if cluster else None
    for day in range(6):
        frame.filter(pl.col("time") // 20 == day).write_parquet(tmp_path / f"{day}.parquet")
    dataset = Dataset(tmp_path / "*.parquet")
    below = Workflow((["price"] >> ops.FillMissing(0.0) >> ops.Rename(name="cost")) + ["user", "time", "item"])
    above = ["item", "cost"] >> ops.Groupby("user", "time", {"item": "list", "cost": "mean"})
    plain = above["item_list"] >> ops.Categorify()
    found = Workflow(plain).fit(below.transform(dataset), engine)
    assert found.hash() == Workflow(plain).fit(below.transform(frame)).hash()
    written = found.transform(below.transform(dataset)).to_parquet(tmp_path / "out", engine=engine)
    same(written.collect(), found.transform(below.transform(frame)))
    # And one above groups, whose rows must not be split again.
    groups = Workflow(above).transform(below.transform(dataset))
    again = Workflow(["item_list"] >> ops.Categorify()).fit(groups, engine)
    assert again.vocabulary("item_list").equals(found.vocabulary("item_list"))


def many_events() -> pl.DataFrame:
    random = np.random.default_rng(3)
    columns = {"user": random.integers(0, 9, 120), "time": range(120), "price": random.integers(0, 9, 120) / 2}
    return pl.DataFrame(columns | {"item": random.integers(0, 30, 120).astype(str)})


def test_differences_are_those_of_the_users_rows_in_time() -> None:
    found = Workflow(ACROSS["DifferenceLag"]).transform(EVENTS)
    # user 1 by time: (null, 7), (5, 2), (5, 4), (10, 1)
    assert found["price_difference_lag_1"].to_list()[:4] == [-3.0, -5.0, None, 2.0]
    assert found["price_difference_lag_-1"].to_list()[0] is None


def test_sessions_end_after_a_gap() -> None:
    assert Workflow(ACROSS["Sessionize"]).transform(EVENTS)["session"].to_list() == [1, 0, 0, 0, 1, 0, None, 0]
    days = pl.DataFrame({"user": [1, 1], "time": [date(2026, 1, 1), date(2026, 1, 2)]})
    assert Workflow(["time"] >> ops.Sessionize(86_400, "user")).transform(days)["session"].to_list() == [0, 0]
    assert Workflow(["time"] >> ops.Sessionize(86_399, "user")).transform(days)["session"].to_list() == [0, 1]


def test_a_history_holds_what_is_strictly_earlier() -> None:
    found = Workflow(ACROSS["History"]).transform(EVENTS)["item_history"].to_list()
    assert found == [["b", "d"], [], [], [], ["c", None], [], [], []]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 2), st.one_of(st.none(), st.integers(0, 5)), st.integers(0, 9)), max_size=20))
def test_histories_are_those_of_plain_python(events: list[tuple[int, int | None, int]]) -> None:
    frame = pl.DataFrame(
        {"u": [e[0] for e in events], "t": [e[1] for e in events], "i": [e[2] for e in events]},
        schema={"u": pl.Int64, "t": pl.Int64, "i": pl.Int64},
    )
    found = Workflow(["i"] >> ops.History("u", "t", 3)).transform(frame)["i_history"].to_list()
    for row, (user, time, _) in enumerate(events):
        before = [e for e in events if e[0] == user and time is not None and e[1] is not None and e[1] < time]
        assert found[row] == [e[2] for e in sorted(before, key=lambda e: e[1] or 0)][-3:]


def test_one_user_online_is_as_offline() -> None:
    graph = (["item"] >> ops.History("user", "time", 5)) + (["time"] >> ops.Sessionize(10, "user"))
    whole = Workflow(graph).transform(many_events())
    for user in range(9):
        mine = many_events()["user"] == user
        same(Workflow(graph).transform(many_events().filter(mine)), whole.filter(mine))


def test_rows_are_left_out_of_all_columns_alike() -> None:
    """NVTabular leaves the other columns as they are: values stand beside others that they never belonged to."""
    frame = pl.DataFrame({"a": [1, 2, 3, 4], "b": [10, 20, 30, 40]})
    assert Workflow((["a"] >> ops.Filter("a > 2")) + ["b"]).transform(frame).rows() == [(3, 30), (4, 40)]
    both = (["a"] >> ops.Filter("a > 1")) + (["b"] >> ops.Filter("b < 40"))
    assert Workflow(both).transform(frame).rows() == [(2, 20), (3, 30)]
    lazy = Workflow(both).transform(frame.lazy()).collect()
    assert lazy.rows() == [(2, 20), (3, 30)]


def test_a_branch_learns_from_the_rows_that_its_own_filters_keep() -> None:
    frame = pl.DataFrame({"a": [0.0, 2.0, 4.0], "b": [0.0, 3.0, 6.0]})
    graph = (["a"] >> ops.Filter("a > 1") >> ops.NormalizeMinMax()) + (["b"] >> ops.NormalizeMinMax())
    assert Workflow(graph).fit(frame).transform(frame).rows() == [(0.0, 0.5), (1.0, 1.0)]
    coded = ["a"] >> ops.FillMissing(0.0) >> ops.Bucketize([1.0]) >> ops.Filter("a = 1")
    assert Workflow(coded).transform(frame).rows() == [(1,), (1,)]


def test_missing_values_are_dropped() -> None:
    found = Workflow((["price"] >> ops.Dropna()) + ["item"]).transform(EVENTS)
    assert found["item"].to_list() == ["a", "b", "c", "d", "f", "g"]
    assert Workflow(["price", "item"] >> ops.Dropna()).transform(EVENTS[5:6]).height == 1
    assert Workflow(["price", "item"] >> ops.Dropna()).transform(EVENTS[7:]).height == 0


def test_first_and_last_stay_what_they_are_where_lists_are_turned() -> None:
    """Ties included: the last of a list that is turned is `first`, as in NVTabular."""
    frame = pl.DataFrame({"u": [1, 1, 1, 1, 2], "t": [3, 1, 1, 3, 7], "x": list("cabde")})
    aggs = ["list", "first", "last"]
    risen, turned = (
        Workflow(["x"] >> ops.Groupby("u", "t", {"x": aggs}, ascending=ascending)).transform(frame).to_dict()
        for ascending in (True, False)
    )
    assert [risen[f"x_{agg}"].to_list() for agg in aggs] == [[list("abcd"), ["e"]], ["a", "e"], ["d", "e"]]
    assert [turned[f"x_{agg}"].to_list() for agg in aggs] == [[list("dcba"), ["e"]], ["a", "e"], ["d", "e"]]


def test_rows_without_a_place_in_the_order_come_last_and_are_neither_first_nor_last() -> None:
    frame = pl.DataFrame({"u": [1, 1, 1, 1, 2], "t": [None, 3, 1, None, None], "x": list("abcde")})
    aggs = ["list", "first", "last"]
    risen, turned = (
        Workflow(["x"] >> ops.Groupby("u", "t", {"x": aggs}, ascending=ascending)).transform(frame).to_dict()
        for ascending in (True, False)
    )
    assert [risen[f"x_{agg}"].to_list() for agg in aggs] == [[list("cbad"), ["e"]], ["c", "e"], ["b", "e"]]
    assert [turned[f"x_{agg}"].to_list() for agg in aggs] == [[list("bcda"), ["e"]], ["c", "e"], ["b", "e"]]


@pytest.mark.parametrize(
    "node",
    [
        ["price"] >> ops.Groupby("user", aggs={"prise": "mean"}),
        ["price"] >> ops.Groupby("user", "prise"),
        ["price"] >> ops.Groupby("prise"),
        ["price"] >> ops.DifferenceLag("prise"),
        ["price"] >> ops.History("user", "prise", 3),
        ["prise"] >> ops.LogOp(),
        ["price"] >> ops.LambdaOp(lambda x, frame: x / frame["prise"], dependency="prise"),
    ],
    ids=["aggs", "order", "key", "lag", "history", "column", "dependency"],
)
def test_a_column_that_the_data_lack_is_told_when_they_are_fitted(node: Node) -> None:
    for meet in (Workflow(node).fit, Workflow(node).transform):
        with pytest.raises(ValueError, match="the frame has no column 'prise', which the workflow needs; it has user"):
            meet(EVENTS.select("user", "item", "time", "price"))


def test_groups_that_an_older_version_saved_are_as_they_were() -> None:
    frame = pl.DataFrame({"u": [1, 1, 1], "t": [1, 1, 2], "x": list("abc")})
    parameters = {"groupby_cols": "u", "sort_cols": "t", "aggs": ["list", "first", "last"], "name_sep": "_"}
    older = Operator.from_dict({"operator": "Groupby", "parameters": parameters | {"ascending": False}})
    assert Workflow(["x"] >> older).transform(frame).row(0) == (1, ["c", "a", "b"], "c", "b")
    assert older.to_dict()["parameters"] == parameters | {"ascending": False}
    same_as_before = ops.Groupby("u", "t", ["list", "first", "last"])
    assert same_as_before.to_dict()["parameters"] == parameters | {"ascending": True}


def test_what_has_no_order_cannot_be_turned() -> None:
    with pytest.raises(ValueError, match="ascending=False and no sort_cols to fall; name the columns"):
        ops.Groupby("u", ascending=False)


def test_groups_and_rows_do_not_mix() -> None:
    grouped = ["item"] >> ops.Groupby("user")
    with pytest.raises(ValueError, match="do not line up: one of them has a row a group"):
        Node.of([grouped, "price"])
    with pytest.raises(ValueError, match="do not line up"):
        Node.of([grouped, (["price"] >> ops.Groupby("user"))["price_list"]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ops.Filter("price >"), "is no SQL expression"),
        (lambda: ops.Filter("1 = 1"), "reads no column"),
        (lambda: ["item"] >> ops.Filter("price > 1"), "reads column 'price', and takes item"),
        (lambda: ops.DifferenceLag("user", 0), "shift 0"),
        (lambda: ops.DifferenceLag([]), "no partition_cols"),
        (lambda: ops.Sessionize(-1, "user"), "gap -1"),
        (lambda: ["time", "price"] >> ops.Sessionize(1, "user"), "takes one column of times"),
        (lambda: ops.History("user", "time", 0), "max_length 0"),
        (lambda: ops.Groupby([]), "no groupby_cols"),
        (lambda: ops.Groupby("user", aggs="mode"), "no aggregation 'mode'"),
    ],
)
def test_what_is_wrong_is_said(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    "condition",
    [
        *("x IN (1, 2)", "x NOT IN (1)", "x BETWEEN 1 AND 3", "t LIKE 'a%'", "CASE WHEN x > 1 THEN x ELSE 0 END = 2"),
        *("COALESCE(x, 3) > 1", "LENGTH(t) > 1", "UPPER(t) = 'A'", "t IN ('a', NULL)", "x::float / 2 > 0.5"),
        *("EXTRACT(YEAR FROM d) = 2024", "d > '2024-01-01'::date", "GREATEST(x, 2) = x", "NOT x IS NULL"),
    ],
)
def test_conditions_that_filters_take(condition: str) -> None:
    columns = {"x": [1, 2, 3, None], "t": ["a", "ab", None, "b"], "d": [date(2024, 1, 1), date(2024, 5, 1), None, None]}
    frame = pl.DataFrame(columns)
    found = Workflow(["x", "t", "d"] >> ops.Filter(condition)).transform(frame)
    assert found.equals(frame.filter(pl.sql_expr(condition).cast(pl.Boolean)), null_equal=True)


def test_rows_left_out_elsewhere_are_still_seen_and_those_below_are_not() -> None:
    """What looks at other rows looks before any are left out, but for those that filters below it leave out."""
    rows = pl.DataFrame({"u": [1] * 4, "t": [1, 2, 3, 40], "x": [10.0, 11.0, 13.0, 17.0], "k": [0, 1, 0, 1]})
    lag, sessions = ["x"] >> ops.DifferenceLag("u", 1, "t"), ["t"] >> ops.Sessionize(5, "u")
    history, chosen = ["x"] >> ops.History("u", "t"), ["k"] >> ops.Filter("k = 1")
    beside = Workflow(lag + sessions + history + chosen).transform(rows)
    above = Workflow(((lag + sessions + history) + ["k"]) >> ops.Filter("k = 1")).transform(rows)
    expected = [(1.0, 0, [10.0], 1), (4.0, 1, [10.0, 11.0, 13.0], 1)]
    assert beside.rows() == above.rows() == expected
    assert Workflow(lag + chosen).transform(rows.lazy()).collect().rows() == [(1.0, 1), (4.0, 1)]
    kept = (["x", "k"] >> ops.Filter("k = 1"))["x"] + ["u", "t"]
    below = Workflow((kept >> ops.History("u", "t")) + (kept >> ops.DifferenceLag("u", 1, "t"))).transform(rows)
    assert below.rows() == [([], None), ([11.0], 6.0)]


@pytest.mark.parametrize(
    "condition",
    [
        *(
            "price > avg(price)",
            "sum(price) > 3",
            "COUNT(*) > price",
            "CORR(price, price) > 0",
            "price > MEDIAN(price)",
        ),
        *("ROW_NUMBER() OVER (ORDER BY price) < 3", "RANK() OVER (ORDER BY price) < 3", "price > STDDEV(price)"),
    ],
)
def test_a_filter_looks_at_its_own_row_alone(condition: str) -> None:
    with pytest.raises(ValueError, match="looks at other rows"):
        ops.Filter(condition)


def test_what_learns_above_other_rows_is_not_updated() -> None:
    graph = (["price"] >> ops.Groupby("user", aggs="count"))["price_count"] >> ops.Normalize()
    with pytest.raises(ValueError, match=r"learns from other rows of a key.* fit the workflow anew"):
        Workflow(graph).fit(EVENTS).update(EVENTS)


def test_differences_of_small_integers_do_not_wrap() -> None:
    times = pl.DataFrame({"u": [1, 1], "t": [-100, 100]}, schema_overrides={"t": pl.Int8})
    assert Workflow(["t"] >> ops.Sessionize(10, "u")).transform(times)["session"].to_list() == [0, 1]
    large = pl.DataFrame({"u": [1, 1, 2], "i": [2**63 - 1, 2**63 - 1, 5]})
    assert Workflow(["i"] >> ops.Groupby("u", aggs="sum")).transform(large)["i_sum"].to_list() == [None, 5]


@pytest.mark.parametrize(
    "node",
    [
        ["item"] >> ops.Normalize(),
        ["item"] >> ops.NormalizeMinMax(),
        ["item"] >> ops.FillMedian(),
        ["item"] >> ops.LogOp(),
        ["item"] >> ops.Bucketize([0]),
        ["item"] >> ops.Clip(0),
        ["item"] >> ops.DifferenceLag("user"),
        ["item"] >> ops.Sessionize(1, "user"),
        ["item"] >> ops.Groupby("user", aggs="sum"),
        ["user"] >> ops.TargetEncoding("item"),
        ["user"] >> ops.JoinGroupby(["item"], ["mean"]),
    ],
    ids=str,
)
def test_texts_where_numbers_are_needed_are_one_sentence(node: Node) -> None:
    with pytest.raises(ValueError, match=r"takes .*String"):
        Workflow(node).fit(EVENTS).transform(EVENTS)
