"""ReduceDtypeSize: small types, and never another number."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_series_equal

from ops_gpu.operators import ReduceDtypeSize
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow


def reduced(values: list[Any], dtype: Any, serve: list[Any] | None = None, served_as: Any = None) -> pl.Series:
    workflow = Workflow(["x"] >> ReduceDtypeSize()).fit(pl.DataFrame({"x": pl.Series(values, dtype=dtype)}))
    rows = pl.Series("x", values if serve is None else serve, served_as or dtype)
    found = workflow.transform(rows.to_frame())["x"]
    assert workflow.output_schema["x"].polars_dtype == found.dtype
    return found


@pytest.mark.parametrize(
    ("values", "given", "expected"),
    [
        ([-128, 127, None], pl.Int64, pl.Int8),
        ([128], pl.Int64, pl.Int16),
        ([-(2**15) - 1], pl.Int64, pl.Int32),
        ([2**31 - 1], pl.Int64, pl.Int32),
        ([2**31], pl.Int64, pl.Int64),
        ([2**63 - 1, -(2**63), 2**53 + 1], pl.Int64, pl.Int64),
        ([0, 255], pl.UInt8, pl.Int16),
        ([2**63 - 1], pl.UInt64, pl.Int64),
        ([2**63, None, 2**64 - 1], pl.UInt64, pl.UInt64),
        ([[1, None], None, []], pl.List(pl.Int64), pl.List(pl.Int8)),
        ([[0.5], None], pl.List(pl.Float64), pl.List(pl.Float32)),
        ([0.5, None], pl.Float64, pl.Float32),
        (["a", None], pl.String, pl.String),
        ([True, None], pl.Boolean, pl.Boolean),
        ([[True], None], pl.List(pl.Boolean), pl.List(pl.Boolean)),
    ],
)
def test_the_smallest_type_that_holds_the_values(values: list[Any], given: Any, expected: Any) -> None:
    assert_series_equal(reduced(values, given), pl.Series("x", values, expected))


def test_later_values_that_do_not_fit_are_null() -> None:
    """NVTabular wraps around: 300 becomes 44."""
    assert reduced([1, 2], pl.Int64, [300, -129, 5]).to_list() == [None, None, 5]
    assert reduced([[1]], pl.List(pl.Int64), [[300, 2]]).to_list() == [[None, 2]]
    assert reduced([1, 2], pl.Int64, [1.0, 1.5, math.nan, None], pl.Float64).to_list() == [1, None, None, None]
    assert reduced([2**63], pl.UInt64, [-1, 7], pl.Int64).to_list() == [None, 7]


def test_parts_of_other_types_make_one() -> None:
    workflow = Workflow(["x"] >> ReduceDtypeSize("float64"))
    parts = [pl.DataFrame({"x": [1, 2]}), pl.DataFrame({"x": [None]}), pl.DataFrame({"x": [0.5]})]
    fitted = Workflow(workflow.node).finalize(Statistics.merge([workflow.partial(part) for part in parts]))
    assert fitted.output_schema["x"].dtype == "float64"
    assert fitted.transform(parts[0])["x"].to_list() == [1.0, 2.0]


def test_other_float_types_are_an_error() -> None:
    with pytest.raises(ValueError, match="float_dtype 'float16'; choose float32 or float64"):
        ReduceDtypeSize("float16")
