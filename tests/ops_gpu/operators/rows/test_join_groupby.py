from __future__ import annotations

import math

import polars as pl
import pytest

from ops_gpu.operators import JoinGroupby
from ops_gpu.workflow.workflow import Workflow

FRAME = pl.DataFrame({"k": ["a", "a", "b", None], "x": [1.0, 3.0, 5.0, None]})
STATS = ["count", "sum", "mean", "std", "var", "min", "max"]


def test_statistics_of_categories() -> None:
    workflow = Workflow(["k"] >> JoinGroupby(["x"], STATS)).fit(FRAME)
    found = workflow.transform(pl.DataFrame({"k": ["a", "b"]})).rows()
    assert found[0] == pytest.approx((2, 4, 2, math.sqrt(2), 2, 1, 3))
    assert found[1] == pytest.approx((1, 5, 5, math.nan, math.nan, 5, 5), nan_ok=True)


def test_nulls_are_counted_and_unseen_keys_are_no_error() -> None:
    """NVTabular counts 0 nulls with mean infinity, and raises on unseen keys."""
    workflow = Workflow(["k"] >> JoinGroupby(["x"], ["count", "mean"])).fit(FRAME)
    found = workflow.transform(pl.DataFrame({"k": [None, "new"]}, schema={"k": pl.String})).rows()
    assert found[0] == pytest.approx((1, math.nan), nan_ok=True)
    assert found[1] == pytest.approx((0, math.nan), nan_ok=True)


def test_wrong_statistics_are_named() -> None:
    with pytest.raises(ValueError, match="no statistic 'median'"):
        JoinGroupby(["x"], ["median"])
    with pytest.raises(ValueError, match="of no columns"):
        JoinGroupby(stats=["mean"])


def test_the_numbers_are_not_needed_when_serving() -> None:
    workflow = Workflow(["k"] >> JoinGroupby(["x"], ["mean"])).fit(FRAME)
    assert (workflow.input_columns, workflow.fit_columns) == (["k"], ["k", "x"])
    assert workflow.output_columns == ["k_x_mean"]
