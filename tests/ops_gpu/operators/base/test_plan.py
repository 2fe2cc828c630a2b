from __future__ import annotations

import polars as pl

from ops_gpu.operators.base.lookup_table import LookupTable
from ops_gpu.operators.base.plan import Plan

FRAME = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "x"]})


def codes() -> LookupTable:
    return LookupTable(pl.DataFrame({"k": [10, 20]}), pl.DataFrame({"v": [100, 200]}), [0])


def test_stages_wait_for_what_they_need() -> None:
    """A lookup over a computed column, and one over what that lookup gave."""
    plan = Plan(FRAME.schema)
    (first,) = plan.lookup(["a"], [pl.col("a") * 10], codes())
    (second,) = plan.lookup(["a"], [first // 10], codes())
    other = plan.column(pl.col("a") + 1)
    program = plan.finish({"second": second, "first": first, "sum": first + other, "b": pl.col("b")})
    found = program.eager(FRAME)
    assert found.to_dict(as_series=False) == {
        "second": [100, 200, 0],
        "first": [100, 200, 0],
        "sum": [102, 203, 4],
        "b": ["x", "y", "x"],
    }
    assert program.lazy(FRAME.lazy()).collect().equals(found)
    assert FRAME.columns == ["a", "b"]


def test_types_are_known_before_anything_runs() -> None:
    plan = Plan(FRAME.schema)
    assert plan.dtype(pl.col("a") / 2) == pl.Float64
    assert plan.dtype(plan.lookup(["a"], [pl.col("a")], codes())[0]) == pl.Int64
    assert plan.column(pl.col("b")).meta.output_name() == "b"


def test_columns_that_do_not_depend_on_each_other_share_a_stage() -> None:
    plan = Plan(FRAME.schema)
    for number in range(5):
        plan.lookup(["a"], [pl.col("a") + number], codes())
    assert len(plan._stages) == 1
