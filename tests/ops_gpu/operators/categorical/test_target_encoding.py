from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops_gpu.operators import TargetEncoding
from ops_gpu.primitives.stable_hash import row_hash
from ops_gpu.workflow.workflow import Workflow

ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 1)), min_size=2, max_size=40)


def frame_of(rows: list[tuple[str | None, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        {"key": [r[0] for r in rows], "y": [r[1] for r in rows], "row": range(len(rows))},
        schema_overrides={"key": pl.String},
    )


@given(ROWS)
def test_the_formula(rows: list[tuple[str | None, int]]) -> None:
    workflow = Workflow(["key"] >> TargetEncoding("y", p_smooth=2, out_dtype="float64")).fit(frame_of(rows))
    mean = sum(y for _, y in rows) / len(rows)
    found = workflow.transform(pl.DataFrame({"key": ["a", "b", None, "new"]}, schema={"key": pl.String}))
    for key, value in zip(["a", "b", None, "new"], found["TE_key_y"], strict=True):
        ys = [y for k, y in rows if k == key]
        assert value == pytest.approx((sum(ys) + 2 * mean) / (len(ys) + 2))


def test_serving_needs_neither_target_nor_position() -> None:
    """NVTabular's transform uses folds: equal rows get different values, and the target must be there."""
    frame = frame_of([("a", 1), ("a", 0), ("b", 1), ("a", 1), ("b", 0), ("a", 0)])
    workflow = Workflow(["key"] >> TargetEncoding("y")).fit(frame)
    assert workflow.input_columns == ["key"]
    assert workflow.fit_columns == ["key", "y"]
    found = workflow.transform(pl.DataFrame({"key": ["a"] * 6}))["TE_key_y"]
    assert found.n_unique() == 1
    assert workflow.transform(pl.DataFrame({"key": ["a"]}))["TE_key_y"].item() == found[0]


def test_nulls_are_a_category_with_a_mean_of_its_own() -> None:
    """NVTabular counts 0 null rows, and encodes them below zero."""
    frame = frame_of([(None, 1), (None, 1), ("a", 0), ("a", 0)])
    workflow = Workflow(["key"] >> TargetEncoding("y", p_smooth=1)).fit(frame)
    found = workflow.transform(frame)["TE_key_y"].to_list()
    assert found[0] == pytest.approx(2.5 / 3)
    assert found[2] == pytest.approx(0.5 / 3)


@settings(max_examples=25)
@given(ROWS)
def test_no_training_row_sees_its_own_target(rows: list[tuple[str | None, int]]) -> None:
    """Turning the targets of one fold over changes nothing in that fold."""
    node = ["key"] >> TargetEncoding("y", kfold=2, p_smooth=1, out_dtype="float64")
    frame = frame_of(rows)
    first = Workflow(node).fit_transform(frame)["TE_key_y"]
    for fold in (0, 1):
        members = fold_of(frame, TargetEncoding("y", kfold=2)) == fold
        turned = frame.with_columns(pl.when(members).then(1 - pl.col("y")).otherwise("y").alias("y"))
        second = Workflow(node).fit_transform(turned)["TE_key_y"]
        assert second.filter(members).to_list() == pytest.approx(first.filter(members).to_list())


def fold_of(frame: pl.DataFrame, operator: TargetEncoding) -> pl.Series:
    content = row_hash({name: frame.schema[name] for name in ("key", "row")})
    return frame.select(operator._fold(content)).to_series()


def test_folds_come_from_content_not_from_position() -> None:
    frame = frame_of([("a", i % 2) for i in range(30)])
    node = ["key"] >> TargetEncoding("y", kfold=3)
    forward = Workflow(node).fit_transform(frame)
    backward = Workflow(node).fit_transform(frame.reverse()).reverse()
    assert forward["TE_key_y"].to_list() == pytest.approx(backward["TE_key_y"].to_list())
    assert forward["TE_key_y"].n_unique() > 1


def test_rows_that_cannot_be_told_apart_are_an_error() -> None:
    frame = pl.DataFrame({"key": ["a", "b"], "y": [0, 1]})
    with pytest.raises(ValueError, match="tells rows of one category apart"):
        Workflow(["key"] >> TargetEncoding("y")).fit_transform(frame)
    Workflow(["key"] >> TargetEncoding("y")).fit(frame)


def test_groups_and_several_targets() -> None:
    frame = pl.DataFrame({"a": ["x", "x", "y"], "b": [1, 1, 1], "y": [1.0, 0.0, None], "z": [2, 4, 6]})
    node = [["a", "b"], "b"] >> TargetEncoding(["y", "z"], p_smooth=0)
    workflow = Workflow(node).fit(frame)
    found = workflow.transform(frame)
    assert found.columns == ["TE_a_b_y", "TE_a_b_z", "TE_b_y", "TE_b_z"]
    assert found["TE_a_b_y"].to_list() == pytest.approx([0.5, 0.5, 0.5])
    assert found["TE_a_b_z"].to_list() == pytest.approx([3, 3, 6])
    assert found["TE_b_z"].to_list() == pytest.approx([4, 4, 4])


def test_a_mean_that_is_known_takes_the_place_of_that_of_the_rows() -> None:
    frame = frame_of([("a", 1), ("a", 1), ("b", 0)])
    node = ["key"] >> TargetEncoding("y", target_mean=0.25, p_smooth=2)
    found = Workflow(node).fit(frame).transform(pl.DataFrame({"key": ["a", "new"]}))["TE_key_y"]
    assert found.to_list() == pytest.approx([(2 + 0.5) / 4, 0.25])
    trained = Workflow(node).fit_transform(frame.clear())
    assert trained.height == 0
    with pytest.raises(ValueError, match="2 values of target_mean for targets y"):
        TargetEncoding("y", target_mean=[0.1, 0.2])


def test_a_missing_target_is_named() -> None:
    with pytest.raises(ValueError, match="no column 'y', which TargetEncoding"):
        Workflow(["key"] >> TargetEncoding("y")).fit(pl.DataFrame({"key": ["a"]}))
    with pytest.raises(ValueError, match="kfold 1"):
        TargetEncoding("y", kfold=1)
