"""LambdaOp: functions of one's own, and how they are saved."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl
import pytest

from ops_gpu.operator import Operator
from ops_gpu.operators import LambdaOp
from ops_gpu.operators.lambda_op import feature_function
from ops_gpu.schema import Tags
from ops_gpu.workflow import Workflow

FRAME = pl.DataFrame({"x": [1, -2, None], "y": [[1], [], None]})


@feature_function
def doubled(value: pl.Expr) -> pl.Expr:
    """Twice the number."""
    return value * 2


def unmarked(value: pl.Expr) -> pl.Expr:
    """Twice the number, for this process alone."""
    return value * 2


def test_types_tags_and_properties() -> None:
    node = ["x"] >> LambdaOp(lambda x: x.abs() / 2, label="half", tags=[Tags.CONTINUOUS], properties={"unit": "m"})
    workflow = Workflow(node).fit(FRAME)
    assert workflow.transform(FRAME)["x"].to_list() == [0.5, 1, None]
    column = workflow.output_schema["x"]
    assert (column.dtype, column.tags, column.properties) == ("float64", {Tags.CONTINUOUS}, {"unit": "m"})
    assert repr(node.operator) == "LambdaOp(half)"
    assert workflow.output_columns == ["x"]  # the label is for display


def test_a_type_may_be_asked_for() -> None:
    workflow = Workflow(["x"] >> LambdaOp(doubled, dtype="int16")).fit(FRAME)
    assert workflow.transform(FRAME)["x"].to_list() == [2, -4, None]
    assert workflow.transform(FRAME).schema == {"x": pl.Int16}
    lists = Workflow(["y"] >> LambdaOp(lambda y: y.list.len())).fit(FRAME)
    assert lists.output_schema["y"].polars_dtype == pl.UInt32
    assert Tags.LIST not in lists.output_schema["y"].tags
    same = Workflow(["y"] >> LambdaOp(lambda y: y, dtype="int8")).fit(FRAME)
    assert same.output_schema.polars_schema == same.transform(FRAME).schema == {"y": pl.List(pl.Int8)}


def test_a_function_of_a_module_is_saved_by_name(tmp_path: Path) -> None:
    workflow = Workflow(["x"] >> LambdaOp(doubled)).fit(FRAME)
    workflow.save(tmp_path / "workflow")
    assert Workflow.load(tmp_path / "workflow").transform(FRAME).equals(workflow.transform(FRAME))
    assert f"{__name__}:doubled" in (tmp_path / "workflow" / "workflow.json").read_text()


def test_what_cannot_be_saved_says_so_before_anything_is_written(tmp_path: Path) -> None:
    def nested(value: pl.Expr) -> pl.Expr:
        return value

    for function in (lambda x: x, nested, unmarked, pl.Expr.abs):
        workflow = Workflow(["x"] >> LambdaOp(function) >> LambdaOp(doubled)).fit(FRAME)
        with pytest.raises(TypeError, match=r"LambdaOp.* cannot be saved: its function is a lambda, is nested"):
            workflow.save(tmp_path / "workflow")
    assert not list(tmp_path.iterdir())


def test_hashes_tell_functions_apart() -> None:
    def make(step: int) -> LambdaOp:
        return LambdaOp(lambda x: x + step)

    hashes = [
        Workflow(["x"] >> op).fit(FRAME).hash()
        for op in (
            *(make(1), make(2), LambdaOp(lambda x: x + 1), LambdaOp(lambda x: x + 2)),
            *(LambdaOp(lambda x: x.abs()), LambdaOp(lambda x: x.sqrt()), LambdaOp(doubled)),
        )
    ]
    assert len(set(hashes)) == len(hashes)
    assert Workflow(["x"] >> make(1)).fit(FRAME).hash() == hashes[0]


NOT_THERE = ["no_such_module:f", "json:loads.x", "builtins:eval", "json:loads", "json:JSONEncoder", "json", ""]


@pytest.mark.parametrize("place", [*NOT_THERE, f"{__name__}:unmarked", f"{__name__}:FRAME"])
def test_data_imports_nothing(place: str) -> None:
    saved = json.loads(json.dumps(LambdaOp(doubled).to_dict() | {"operator": "LambdaOp"}))
    saved["parameters"]["f"] = place
    with pytest.raises(ValueError, match="which is not there; import module"):
        Operator.from_dict(saved)
    assert "no_such_module" not in sys.modules


def test_a_module_that_is_not_imported_stays_so() -> None:
    module = "this"
    assert module not in sys.modules
    with pytest.raises(ValueError, match="import module 'this' before loading"):
        LambdaOp(f"{module}:f")
    assert module not in sys.modules


def test_errors() -> None:
    with pytest.raises(TypeError, match="LambdaOp has f=3, expected Callable"):
        LambdaOp(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="gave int; it must give a Polars expression"):
        Workflow(["x"] >> LambdaOp(lambda x: 3)).fit(FRAME).transform(FRAME)  # type: ignore[arg-type, return-value]
