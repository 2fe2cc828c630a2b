"""ValueCount: lengths of lists."""

from __future__ import annotations

import polars as pl
import pytest

from ops_gpu.operators import Categorify, ValueCount
from ops_gpu.schema.column import Domain
from ops_gpu.workflow.workflow import Workflow


def test_limits_of_the_length_reach_the_schema() -> None:
    frame = pl.DataFrame({"x": [[1, None], [3], [1, 2, 3]], "y": [["a"], None, []]})
    workflow = Workflow(["x", "y"] >> ValueCount()).fit(frame)
    assert workflow.output_schema["x"].value_count == Domain(1, 3)
    assert workflow.output_schema["y"].value_count == Domain(0, 1)
    longer = pl.DataFrame({"x": [[1] * 9], "y": [["b", "c"]]})
    assert workflow.transform(longer).equals(longer)


def test_it_goes_with_codes_and_updates() -> None:
    workflow = Workflow(["x"] >> Categorify() >> ValueCount()).fit(pl.DataFrame({"x": [["a"], ["a", "b"]]}))
    assert workflow.output_schema["x"].value_count == Domain(1, 2)
    assert workflow.output_schema["x"].cardinality == 5
    assert workflow.vocabulary("x").to_list() == ["a", "b"]
    workflow.update(pl.DataFrame({"x": [["a"] * 7]}))
    assert workflow.output_schema["x"].value_count == Domain(1, 7)


def test_no_rows_and_no_lists() -> None:
    empty = pl.DataFrame({"x": []}, schema={"x": pl.List(pl.Int64)})
    assert Workflow(["x"] >> ValueCount()).fit(empty).output_schema["x"].value_count is None
    with pytest.raises(ValueError, match="ValueCount takes lists, and column 'x' is of type Int64"):
        Workflow(["x"] >> ValueCount()).fit(pl.DataFrame({"x": [1]}))
