from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from ops_gpu.operators import Categorify, FillMissing, JoinGroupby, LambdaOp, ListSlice, Rename
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.workflow import Workflow
from serving.operators.features.transform_workflow import TransformWorkflow
from serving.request.columns import Columns
from serving.request.null_values import NULL_INTEGER

FRAME = pl.DataFrame(
    {"age": [30.0, 40.0, None], "city": ["a", "a", "b"], "zip": [7, 7, None], "tags": [["x"], ["x", "y"], []]}
)
NODE = (["age"] >> FillMissing(1.0)) + (["city", "zip"] >> Categorify()) + (["tags"] >> Categorify() >> ListSlice(3))
WORKFLOW = Workflow(NODE).fit(FRAME)


def bound(**built_with: str) -> TransformWorkflow:
    release: Any = SimpleNamespace(shared=lambda part, load: WORKFLOW, built_with=built_with)
    operator = TransformWorkflow(tuple(FRAME.columns), WORKFLOW.output_schema.to_dict())
    operator.bind(release)
    return operator


def batch() -> Columns:
    return {
        "age": np.array([30.0, np.nan], np.float32),
        "city": np.array([b"b", b""]),
        "zip": np.array([7, NULL_INTEGER]),
        "tags": Ragged.from_lists([[b"y", b"unseen"], []], "S6"),
    }


def test_a_row_becomes_what_the_models_were_trained_with() -> None:
    result = bound().transform(batch())
    found = {name: column.tolist() for name, column in result.items() if isinstance(column, np.ndarray)}
    assert found == {"age": [30.0, 1.0], "city": [4, 1], "zip": [3, 1], "tags": [[4, 2, 0], [0, 0, 0]]}
    dtypes = {name: column.dtype.name for name, column in result.items() if isinstance(column, np.ndarray)}
    assert dtypes == {"age": "float32", "city": "int32", "zip": "int32", "tags": "int32"}


def test_plain_codes_and_numbers_take_the_short_way_and_say_the_same() -> None:
    operator = bound()
    assert operator._encoded == {"city": "city", "zip": "zip"}
    assert operator._types.names == ["tags"]
    frame = pl.DataFrame(
        {"age": [30.0, None], "city": ["b", None], "zip": [7, None], "tags": [["y"], ["x"]]}, schema=FRAME.schema
    )
    columns = {**batch(), "tags": Ragged.from_lists([[b"y"], [b"x"]], "S1")}
    result, expected = operator.transform(columns), WORKFLOW.transform(frame)
    for name in ("city", "zip", "age"):
        np.testing.assert_array_equal(result[name], expected[name].to_numpy())


def test_a_column_that_something_else_reads_too_goes_the_long_way() -> None:
    node = (["city"] >> Categorify()) + (["city"] >> JoinGroupby())
    workflow = Workflow(node).fit(FRAME)
    release: Any = SimpleNamespace(shared=lambda part, load: workflow, built_with={})
    operator = TransformWorkflow(("city",), workflow.output_schema.to_dict())
    operator.bind(release)
    result = operator.transform({"city": np.array([b"a", b"", b"z"])})
    found = {name: column.tolist() for name, column in result.items() if isinstance(column, np.ndarray)}
    assert found == {"city": [3, 1, 2], "city_count": [2, 0, 0]}


def test_functions_of_ones_own_are_read_and_answer_as_in_training(tmp_path: Path) -> None:
    filled = ["zip"] >> FillMissing(4)
    node = (["age"] >> FillMissing(1.0)) + (["city"] >> Categorify())
    share = (
        ["age"] >> LambdaOp(lambda age, frame: (age - 1) / frame["zip"] / 7, dependency=filled) >> Rename(name="old")
    )
    Workflow(node + share).fit(FRAME).save(tmp_path / "workflow")
    workflow = Workflow.load(tmp_path / "workflow")
    release: Any = SimpleNamespace(shared=lambda part, load: workflow, built_with={})
    operator = TransformWorkflow(("age", "city", "zip"), workflow.output_schema.to_dict())
    operator.bind(release)
    expected = workflow.transform(FRAME)
    raw = {"age": np.array([30.0, 40.0, np.nan]), "city": np.array([b"a", b"a", b"b"])}
    columns: Columns = raw | {"zip": np.array([7, 7, NULL_INTEGER])}
    singles = [operator.transform({name: column[i : i + 1] for name, column in columns.items()}) for i in range(3)]
    for found in (
        operator.transform(columns),
        {name: np.concatenate([s[name] for s in singles]) for name in expected.columns},
    ):
        for name in expected.columns:
            np.testing.assert_array_equal(found[name], expected[name].to_numpy().astype(found[name].dtype))


def test_the_workflow_must_be_that_of_the_other_parts() -> None:
    bound(workflow=WORKFLOW.hash())
    with pytest.raises(ValueError, match="built with workflow 999, but it holds"):
        bound(workflow="999")


def test_columns_that_cannot_be_computed_are_named() -> None:
    schema = Schema([ColumnSchema("age", "float32")])
    with pytest.raises(ValueError, match="needs column 'city', and is connected to age"):
        TransformWorkflow(("age", "city"), WORKFLOW.output_schema.to_dict()).output_schema(schema)
    operator = TransformWorkflow(("age",), WORKFLOW.output_schema.to_dict())
    release: Any = SimpleNamespace(shared=lambda part, load: WORKFLOW, built_with={})
    with pytest.raises(ValueError, match="does not compute 'city' from age"):
        operator.bind(release)
