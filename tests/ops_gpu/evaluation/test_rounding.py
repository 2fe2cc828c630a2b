"""What counts as the same number, and that one event does not."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from ops_gpu.evaluation.point_in_time import changed_features, differing
from ops_gpu.evaluation.rounding import equal_but_for_rounding
from ops_gpu.features.entity_workflow import continue_workflow, fit_workflow
from ops_gpu.operators import Categorify, JoinGroupby, Normalize, TargetEncoding
from ops_gpu.schema.raw_schema import raw_schema
from ops_gpu.workflow.workflow import Workflow

NAN, INF = float("nan"), float("inf")
NEXT = {kind: float(np.nextafter(kind(2.7), kind(3))) for kind in (np.float32, np.float64)}
ROWS = 20_000


@pytest.mark.parametrize(
    ("one", "other", "dtype", "same"),
    [
        ([2.7, NAN, INF, None], [NEXT[np.float64], NAN, INF, None], pl.Float64, True),
        ([2.7], [NEXT[np.float32]], pl.Float32, True),
        ([2.7], [NEXT[np.float32]], pl.Float64, False),
        ([2.7], [2.70001], pl.Float32, False),
        ([1.0, 1e-17], [1.0, -1e-17], pl.Float64, True),
        ([1.0, 1e-6], [1.0, 2e-6], pl.Float64, False),
        ([1.0] * 3 + [1e12], [1.0, 1.0, 1.001, 1e12], pl.Float64, False),
        ([1.0], [None], pl.Float64, False),
        ([1.0], [NAN], pl.Float64, False),
        ([1.0], [INF], pl.Float64, False),
        ([INF], [-INF], pl.Float64, False),
        ([], [], pl.Float64, True),
        ([0.0], [0.0], pl.Float32, True),
        ([2**53], [2**53 + 1], pl.Int64, False),
        ([[2.7], [], None], [[NEXT[np.float64]], [], None], pl.List(pl.Float64), True),
        ([[1.0, 2.0], [3.0]], [[1.0], [2.0, 3.0]], pl.List(pl.Float64), False),
        ([[1.0], []], [[1.0], None], pl.List(pl.Float64), False),
        ([[1.0, 2.0]], [[1.0, 2.1]], pl.Array(pl.Float32, 2), False),
        ([[1, 2]], [[1, 3]], pl.List(pl.Int64), False),
        (["a"], ["b"], pl.String, False),
    ],
    ids=str,
)
def test_only_the_last_bits_of_fractions_are_passed_over(
    one: list[object], other: list[object], dtype: pl.DataType, same: bool
) -> None:
    assert equal_but_for_rounding(pl.Series(one, dtype=dtype), pl.Series(other, dtype=dtype)) is same


def world() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, Workflow]:
    """Events of which no sum is exact, users, items, and a graph of two levels over them."""
    random = np.random.default_rng(0)
    users = pl.DataFrame({"user_id": np.arange(1, 501), "age": random.random(500) * 80})
    items = pl.DataFrame({"item_id": np.arange(1, 101), "price": random.random(100) * 37.7})
    times = pl.datetime_range(datetime(2024, 1, 1), datetime(2024, 2, 1), "1s", eager=True)[:ROWS]
    events = pl.DataFrame(
        {
            "user_id": random.integers(1, 501, ROWS),
            "item_id": random.integers(1, 101, ROWS),
            "timestamp": times,
            "label": random.random(ROWS) < 0.3,
        }
    )
    wide, narrow = Normalize(out_dtype="float64"), Normalize()
    means = ["item_id"] >> JoinGroupby(cont_cols=["age"], stats=["count", "mean", "std"])
    graph = (
        (["user_id", "item_id"] >> Categorify())
        + (["price"] >> wide)
        + (means >> narrow)
        + (["user_id"] >> TargetEncoding("label"))
    )
    return events, users, items, Workflow(graph, raw_schema(users, items))


def test_one_fit_is_like_itself_and_one_event_shows() -> None:
    events, users, items, workflow = world()
    fitted = fit_workflow(events, users, items, workflow.copy())
    other_order = events.sample(fraction=1.0, shuffle=True, seed=1)
    again = fit_workflow(other_order, users, items, workflow.copy())
    one, two = (fit.for_inputs(items.columns).transform(items) for fit in (fitted, again))
    assert differing(one, two)  # in the last bits, or this tries nothing
    assert changed_features(fitted, again, users, items) == []
    last = pl.int_range(pl.len()) == ROWS - 1
    assert events.row(-1, named=True)["item_id"] != 7
    spoiled = other_order.with_columns(
        pl.when(pl.col("timestamp") == events["timestamp"].max()).then(7).otherwise("item_id").alias("item_id")
    )
    changed = changed_features(fitted, fit_workflow(spoiled, users, items, workflow.copy()), users, items)
    assert {"price", "item_id_count", "item_id_age_mean", "item_id_age_std"} <= set(changed)
    liked = events.with_columns(pl.when(last).then(~pl.col("label")).otherwise("label").alias("label"))
    changed = changed_features(fitted, continue_workflow(liked, users, items, fitted.copy()), users, items)
    assert changed == ["TE_user_id_label"]
