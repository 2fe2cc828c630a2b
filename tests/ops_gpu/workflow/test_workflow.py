from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ops_gpu.operators import (
    AddMetadata,
    Categorify,
    DropLowCardinality,
    FillMedian,
    FillMissing,
    Filter,
    HashedCross,
    JoinGroupby,
    ListSlice,
    LogOp,
    Normalize,
    Rename,
    TargetEncoding,
)
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow


def rows(count: int = 400) -> pl.DataFrame:
    random = np.random.default_rng(1)
    price = random.lognormal(3, 2, count)
    return pl.DataFrame(
        {
            "user_id": random.zipf(1.5, count) % 50,
            "item_id": pl.Series(random.integers(0, 30, count)).cast(pl.String),
            "price": [None if p < 3 else p for p in price],
            "history": [random.integers(0, 40, n % 7).astype(str).tolist() for n in range(count)],
            "label": random.integers(0, 2, count),
        },
        schema_overrides={"user_id": pl.Int64},
    )


NODE = (
    (["user_id"] >> AddMetadata([Tags.USER_ID]) >> Categorify())
    + (["item_id", "history"] >> Categorify(domain="item_id"))
    + (["price"] >> FillMissing(0.0) >> LogOp() >> Normalize())
)
LEVELS = (
    (["user_id"] >> Categorify(freq_threshold=3) >> TargetEncoding("label"))
    + (["price"] >> FillMedian() >> Normalize())
    + (["item_id"] >> Categorify())
)


@pytest.mark.parametrize("node", [NODE, LEVELS])
def test_many_rows_and_one_give_the_same_bits(node: Any) -> None:
    frame = rows()
    workflow = Workflow(node).fit(frame)
    whole = workflow.transform(frame)
    one_by_one = pl.concat([workflow.transform(frame[i]) for i in range(len(frame))])
    assert_frame_equal(one_by_one, whole, check_exact=True)
    assert_frame_equal(workflow.transform(frame.lazy()).collect(engine="streaming"), whole, check_exact=True)
    large = pl.concat([frame] * 40)
    assert_frame_equal(workflow.transform(large), pl.concat([whole] * 40), check_exact=True)


def test_days_merge_to_the_whole_in_any_order() -> None:
    frame = rows()
    days = [frame[:100], frame[100:101], frame[101:101], frame[101:]]
    workflow = Workflow(NODE)
    merged = Statistics.merge([workflow.partial(day) for day in reversed(days)])
    workflow.finalize(merged)
    whole = Workflow(NODE).fit(frame)
    assert workflow.vocabulary("item_id").equals(whole.vocabulary("item_id"))
    assert_frame_equal(workflow.transform(frame), whole.transform(frame), rel_tol=1e-6)


def test_levels_are_fitted_from_below() -> None:
    frame = rows()
    workflow = Workflow(LEVELS)
    with pytest.raises(ValueError, match=r"TargetEncoding.* learns from Categorify.*call fit first"):
        workflow.partial(frame)
    workflow.fit(frame)
    codes = Workflow(["user_id"] >> Categorify(freq_threshold=3)).fit(frame).transform(frame)
    by_hand = Workflow(["user_id"] >> TargetEncoding("label"))
    by_hand.fit(frame.with_columns(codes["user_id"]))
    expected = by_hand.transform(codes)["TE_user_id_label"]
    assert_frame_equal(workflow.transform(frame).select("TE_user_id_label"), expected.to_frame())


def test_an_update_is_a_fit_on_everything_but_for_the_order_of_codes() -> None:
    frame = rows()
    workflow = Workflow(NODE).fit(frame[:200]).update(frame[200:300]).update(frame[300:])
    whole = Workflow(NODE).fit(frame)
    mine, theirs = workflow.transform(frame), whole.transform(frame)
    assert_frame_equal(mine.select("price"), theirs.select("price"), rel_tol=1e-6)
    for column in ("user_id", "item_id"):
        values = workflow.invert(column, mine[column])
        assert values.equals(whole.invert(column, theirs[column]))
        assert values.equals(frame[column])


def test_an_update_freezes_what_others_learn_from() -> None:
    frame = rows()
    workflow = Workflow(LEVELS).fit(frame[:200])
    filled = workflow.transform(pl.DataFrame({"user_id": [1], "item_id": ["1"], "price": [None]}))["price"]
    before = workflow._state
    workflow.update(frame[200:])
    medians = [key for key, state in before.nodes.items() if "median" in str(state._tables)]
    assert all(workflow._state.nodes[key] is before.nodes[key] for key in medians)
    after = workflow.transform(pl.DataFrame({"user_id": [1], "item_id": ["1"], "price": [None]}))["price"]
    assert filled.item() != after.item()
    assert workflow._state.generations == before.generations


def test_a_part_has_the_state_and_the_statistics_of_the_whole() -> None:
    frame = rows()
    workflow = Workflow(NODE).fit(frame)
    items = workflow.for_inputs(["item_id", "price", "something else"])
    assert items.input_columns == ["item_id", "price"]
    assert items.output_columns == ["item_id", "price"]
    only = frame.select("item_id", "price")
    assert_frame_equal(items.transform(only), workflow.transform(frame).select("item_id", "price"))
    assert items.vocabulary("item_id").equals(workflow.vocabulary("item_id"))
    assert items.hash() != workflow.hash()
    merged = Statistics.merge([workflow.partial(frame), items.partial(only, weight=0)])
    assert Workflow(NODE).finalize(merged).hash() == workflow.hash()
    with pytest.raises(ValueError, match="nothing can be computed from columns colour"):
        workflow.for_inputs(["colour"])
    with pytest.raises(ValueError, match="finalize the whole"):
        items.finalize(items.partial(only))


def test_statistics_of_a_part_alone_do_not_make_a_workflow() -> None:
    workflow = Workflow(["user_id", "item_id"] >> Categorify())
    part = workflow.for_inputs(["item_id"]).partial(rows())
    with pytest.raises(ValueError, match="lack 'user_id'"):
        workflow.finalize(part)


def test_what_is_missing_is_named() -> None:
    workflow = Workflow(NODE)
    with pytest.raises(ValueError, match=r"no column 'price'.*it has user_id, item_id, history, label"):
        workflow.fit(rows().drop("price"))
    with pytest.raises(ValueError, match=r"Categorify.*is not fitted"):
        workflow.transform(rows())
    with pytest.raises(ValueError, match="nothing is known of column 'user_id'"):
        _ = workflow.output_schema
    with pytest.raises(ValueError, match="no statistics of the rows before"):
        workflow.update(rows())
    with pytest.raises(ValueError, match="weight is 2"):
        workflow.partial(rows(), weight=2)
    workflow.fit(rows())
    with pytest.raises(ValueError, match="'price' holds no codes"):
        workflow.vocabulary("price")
    with pytest.raises(ValueError, match="'colour' holds no codes"):
        workflow.encode("colour", np.array([1]))


def test_the_output_schema_is_the_contract() -> None:
    schema = Workflow(NODE, Schema([ColumnSchema("item_id", tags=frozenset({Tags.ITEM_ID}))])).fit(rows())
    found = schema.output_schema
    assert found.names == ["user_id", "item_id", "history", "price"]
    assert found.first(Tags.USER_ID).cardinality == rows()["user_id"].n_unique() + 3
    assert Tags.ITEM_ID in found["item_id"].tags
    assert found["item_id"].domain == found["history"].domain
    assert found["price"].tags == {Tags.CONTINUOUS}
    assert found["item_id"].embedding_dim == 8
    assert schema.input_schema["price"].dtype == "float64"


def test_codes_are_found_through_other_operators() -> None:
    node = ["history"] >> ListSlice(-3) >> Categorify() >> AddMetadata([Tags.SEQUENCE]) >> Rename(name="recent")
    workflow = Workflow(node["recent"]).fit(rows())
    assert workflow.first_code("recent") == 3
    assert workflow.encode("recent", np.array([b"none"])).tolist() == [2]


def test_a_shared_node_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()
    original = LogOp.transform

    def counted(self: LogOp, *arguments: Any) -> Any:
        calls["log"] += 1
        return original(self, *arguments)

    monkeypatch.setattr(LogOp, "transform", counted)
    log = ["price"] >> LogOp()
    node = log
    for name in ("x", "y", "z"):
        node = node + (log >> Rename(name=name))
    frame = rows()
    workflow = Workflow(node).fit(frame)
    found = workflow.transform(frame)
    assert calls["log"] == 1
    assert found["x"].equals(found["z"])


def test_a_graph_of_diamonds_stays_small() -> None:
    node = ["price"] >> FillMissing(1.0)
    for _ in range(8):
        left = node >> LogOp()
        node = left + (node >> Normalize() >> Rename(name="other"))
        node = node["price"]
    frame = rows(20)
    assert Workflow(node).fit(frame).transform(frame).height == 20


@pytest.mark.parametrize("statistics", [True, False])
def test_saved_and_loaded(tmp_path: Path, statistics: bool) -> None:
    frame = rows()
    workflow = Workflow(LEVELS, Schema([ColumnSchema("price", properties={"unit": "€"})])).fit(frame[:200])
    workflow.save(tmp_path / "w", statistics)
    loaded = Workflow.load(tmp_path / "w")
    assert loaded.hash() == workflow.hash()
    assert loaded.input_schema["price"].properties == {"unit": "€"}
    assert_frame_equal(loaded.transform(frame), workflow.transform(frame), check_exact=True)
    if statistics:
        assert loaded.update(frame[200:]).hash() == workflow.update(frame[200:]).hash()
    else:
        with pytest.raises(ValueError, match="no statistics"):
            loaded.update(frame)


def test_a_saved_part_is_the_part(tmp_path: Path) -> None:
    workflow = Workflow(NODE).fit(rows())
    part = workflow.for_inputs(["item_id"])
    part.save(tmp_path / "w")
    loaded = Workflow.load(tmp_path / "w")
    assert loaded.hash() == part.hash()
    assert loaded.partial(rows()).graph == workflow.partial(rows()).graph


def test_files_hold_nothing_but_json_and_parquet(tmp_path: Path) -> None:
    Workflow(LEVELS).fit(rows()).save(tmp_path / "w", statistics=True)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".json", ".parquet"}


def test_tampered_damaged_and_newer_files_are_one_clear_error(tmp_path: Path) -> None:
    Workflow(NODE).fit(rows()).save(tmp_path / "w")
    state = next((tmp_path / "w" / "state").iterdir())
    table = pl.read_parquet(state)
    table.reverse().write_parquet(state)
    with pytest.raises(ValueError, match="was changed after it was saved"):
        Workflow.load(tmp_path / "w")
    table.write_parquet(state)
    Workflow.load(tmp_path / "w")
    document = tmp_path / "w" / "workflow.json"
    text = document.read_text()
    document.write_text(text.replace('"freq_threshold": 0', '"freq_threshold": 1'))
    with pytest.raises(ValueError, match="was changed after it was saved"):
        Workflow.load(tmp_path / "w")
    document.write_text(json.dumps({**json.loads(text), "format": 2}))
    with pytest.raises(ValueError, match="is of format 2"):
        Workflow.load(tmp_path / "w")
    document.write_text(text)
    state.write_bytes(state.read_bytes()[:40])
    with pytest.raises(ValueError, match="holds no readable workflow"):
        Workflow.load(tmp_path / "w")


def test_equal_data_gives_an_equal_hash_and_other_data_another() -> None:
    frame = rows()
    node = ["user_id", "history"] >> Categorify()
    first = Workflow(node).fit(frame).hash()
    assert Workflow(node).fit(frame.sample(fraction=1, shuffle=True, seed=3)).hash() == first
    assert Workflow(node).fit(frame.filter(pl.col("user_id") != 7)).hash() != first
    assert Workflow(node["user_id"]).fit(frame).hash() != first


def test_saving_over_an_older_one_replaces_it(tmp_path: Path) -> None:
    Workflow(NODE).fit(rows()).save(tmp_path / "w")
    second = Workflow(NODE).fit(rows()[:50])
    second.save(tmp_path / "w")
    assert Workflow.load(tmp_path / "w").hash() == second.hash()
    assert [path.name for path in tmp_path.iterdir()] == ["w"]


def test_fit_transform_is_transform_where_there_is_no_target() -> None:
    frame = rows()
    workflow = Workflow(NODE)
    assert_frame_equal(workflow.fit_transform(frame), workflow.transform(frame))
    lazy = Workflow(LEVELS).fit_transform(frame.lazy()).collect()
    assert_frame_equal(lazy, Workflow(LEVELS).fit_transform(frame))
    assert not lazy["TE_user_id_label"].equals(Workflow(LEVELS).fit(frame).transform(frame)["TE_user_id_label"])


def test_fixed_size_arrays_are_lists() -> None:
    frame = pl.DataFrame({"a": [[1, 2], [2, 3]]}, schema={"a": pl.Array(pl.Int64, 2)})
    workflow = Workflow(["a"] >> Categorify()).fit(frame)
    assert workflow.transform(frame)["a"].to_list() == [[4, 3], [3, 5]]


def test_columns_that_are_nothing_but_codes_of_a_raw_one_are_known() -> None:
    nodes = [
        ["item_id"] >> AddMetadata([Tags.ITEM_ID]) >> Rename(postfix="_again") >> Categorify(),
        ["user_id"] >> Categorify() >> Categorify(),
        ["history"] >> Categorify(),
        ["price"] >> Normalize(),
    ]
    workflow = Workflow(nodes[0] + nodes[1] + nodes[2] + nodes[3]).fit(rows())
    found = {name: workflow.encoded_from(name) for name in workflow.output_columns}
    assert found == {"item_id_again": "item_id", "user_id": None, "history": None, "price": None}


UPDATED = (
    (["user_id", "item_id", "history"] >> Categorify(freq_threshold=2))
    + (["price"] >> FillMedian() >> Rename(postfix="_filled"))
    + (["price"] >> Normalize())
    + ([["user_id", "item_id"], "item_id"] >> TargetEncoding("label"))
    + (["user_id"] >> JoinGroupby(["price"], ["count", "mean", "std", "max"]))
)


def test_updates_are_as_fitting_all_and_write_only_what_is_new(tmp_path: Path) -> None:
    frame = rows(900)
    workflow = Workflow(UPDATED).fit(frame[:600])
    workflow.save(tmp_path / "workflow", statistics=True)
    before = {file.stat().st_ino for file in (tmp_path / "workflow/statistics").iterdir()}
    for start in range(600, 900, 20):
        workflow.update(frame[start : start + 20])
        workflow.save(tmp_path / "workflow", statistics=True)
        workflow = Workflow.load(tmp_path / "workflow")
    kept = {file.stat().st_ino for file in (tmp_path / "workflow/statistics").iterdir()}
    assert before & kept
    whole = Workflow(UPDATED).fit(frame)
    for column in ("user_id", "item_id", "history"):
        assert set(workflow.vocabulary(column)) == set(whole.vocabulary(column))
    others = [name for name in whole.output_columns if name not in ("user_id", "item_id", "history")]
    found, expected = workflow.transform(frame).select(others), whole.transform(frame).select(others)
    assert_frame_equal(found, expected, rel_tol=1e-6, abs_tol=1e-9)
    assert_frame_equal(workflow.fit_transform(frame), whole.fit_transform(frame))


def test_statistics_are_not_taken_from_a_file_that_became_another(tmp_path: Path) -> None:
    one, other = Workflow(["item_id"] >> Categorify()), Workflow(["item_id"] >> Categorify())
    one.fit(pl.DataFrame({"item_id": ["a"] * 3})).save(tmp_path / "workflow", statistics=True)
    other.fit(pl.DataFrame({"item_id": ["b"] * 5})).save(tmp_path / "workflow", statistics=True)
    one.save(tmp_path / "again", statistics=True)
    found = Workflow.load(tmp_path / "again").statistics
    assert found is not None
    assert [table["item_id"].rows() for table in found.tables.values()] == [[("a", 3)]]


def test_a_subworkflow_computes_what_is_asked_for_and_reads_nothing_else() -> None:
    whole = Workflow(UPDATED).fit(rows())
    part = whole.get_subworkflow(["item_id", "user_id_price_mean"])
    assert part.output_columns == ["item_id", "user_id_price_mean"]
    assert set(part.input_columns) == {"item_id", "user_id"}
    expected = whole.transform(rows()).select(part.output_columns)
    assert part.transform(rows().select(part.input_columns)).equals(expected, null_equal=True)
    with pytest.raises(ValueError, match="gives no column nothing; it gives user_id"):
        whole.get_subworkflow(["nothing"])


def test_inputs_are_removed_with_all_that_stands_on_them() -> None:
    whole = Workflow(UPDATED).fit(rows())
    part = whole.remove_inputs(["price", "history"])
    assert part.input_columns == ["user_id", "item_id"]
    assert "price" not in part.output_columns and "item_id" in part.output_columns
    assert "price" in whole.output_columns
    with pytest.raises(ValueError, match="reads no column 'nothing'"):
        whole.remove_inputs(["nothing"])


def test_statistics_of_parts_are_merged_into_a_fit() -> None:
    parts = [Workflow(UPDATED).partial(rows()[start : start + 100]) for start in range(0, 400, 100)]
    merged = Workflow(UPDATED).merge(*parts)
    assert merged.vocabulary("item_id").equals(Workflow(UPDATED).fit(rows()).vocabulary("item_id"))


def test_columns_of_few_values_are_dropped_once_that_is_known() -> None:
    graph = (["item_id", "label"] >> Categorify() >> DropLowCardinality(6)) + ["price"]
    workflow = Workflow(graph)
    assert workflow.output_columns == ["item_id", "label", "price"]
    trained = workflow.fit_transform(rows())
    assert workflow.output_columns == trained.columns == ["item_id", "price"]
    assert workflow.transform(rows()).equals(trained)
    assert workflow.output_schema.names == ["item_id", "price"]


def test_what_cannot_be_computed_in_part_is_left_out_of_the_part() -> None:
    node = (["item_id", "label"] >> Filter("label = 1") >> Rename(postfix="_liked")) + (["item_id"] >> Categorify())
    crossed = (["user_id", "label"] >> FillMissing(0)) >> HashedCross(5)
    whole = Workflow(node + crossed).fit(rows())
    assert whole.for_inputs(["item_id"]).output_columns == ["item_id"]
    assert whole.for_inputs(["item_id", "user_id"]).output_columns == ["item_id"]


def test_a_subworkflow_gives_the_same_rows() -> None:
    whole = Workflow((["label", "price"] >> Filter("label = 1")) + (["user_id"] >> Categorify())).fit(rows())
    part = whole.get_subworkflow(["user_id"])
    assert part.transform(rows())["user_id"].equals(whole.transform(rows())["user_id"])
    assert set(part.input_columns) == {"label", "user_id"}


def test_statistics_that_were_changed_are_an_error(tmp_path: Path) -> None:
    Workflow(["price"] >> Normalize()).fit(rows()).save(tmp_path / "workflow", statistics=True)
    file = tmp_path / "workflow" / "statistics" / "0.parquet"
    pl.read_parquet(file).with_columns(mean=pl.lit(1e6)).write_parquet(file)
    with pytest.raises(ValueError, match=r"0\.parquet was changed after it was saved"):
        Workflow.load(tmp_path / "workflow")


def test_codes_to_invert_are_integers() -> None:
    workflow = Workflow(["item_id"] >> Categorify()).fit(rows())
    for wrong in (pl.Series([3.5]), pl.Series(["a"])):
        with pytest.raises(ValueError, match="codes of 'item_id' are integers"):
            workflow.invert("item_id", wrong)
    assert workflow.invert("item_id", pl.Series([None], dtype=pl.Null)).to_list() == [None]


def test_what_a_copy_learns_the_other_does_not() -> None:
    frame = pl.DataFrame({"kind": ["a", "b", "a"], "price": [1.0, 2.0, 6.0]})
    workflow = Workflow((["kind"] >> Categorify()) + (["price"] >> Normalize())).fit(frame)
    before, copy = workflow.hash(), workflow.copy()
    assert copy.hash() == before and copy.transform(frame).equals(workflow.transform(frame))
    copy.fit(frame.with_columns(kind=pl.lit("c"), price=pl.lit(7.0)), keep_codes=True)
    assert copy.hash() != before == workflow.hash()
