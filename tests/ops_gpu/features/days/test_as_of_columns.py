from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ops_gpu.features.days.as_of_columns import AsOfColumns
from ops_gpu.features.entity_workflow import fit_workflow
from ops_gpu.features.feature_table import NULL_CODE
from ops_gpu.operators import Categorify, JoinGroupby
from ops_gpu.workflow.workflow import Workflow

USERS = pl.DataFrame({"user_id": [1, 2]})
ITEMS = pl.DataFrame(
    {"item_id": [1, 2, 3, 4], "kind": ["a", "a", "b", "b"], "price": [1.0, 3.0, 5.0, 7.0], "available": [True] * 4}
)
EVENTS = pl.DataFrame(
    {
        "user_id": [1, 2] * 5,
        "item_id": [1, 1, 1, 2, 2, 2, 2, 3, 3, 4],
        "timestamp": [datetime(2024, 1, 1) + timedelta(hours=hour) for hour in range(10)],
        "label": [True] * 10,
    }
)


@pytest.fixture
def workflow() -> Workflow:
    """Item 4 is too rare for a code of its own."""
    codes = ["user_id", "item_id"] >> Categorify(freq_threshold=2)
    return fit_workflow(
        EVENTS, USERS, ITEMS, Workflow(codes + (["kind"] >> JoinGroupby(cont_cols=["price"], stats=["count", "mean"])))
    )


def test_what_no_day_has_told_anything_of_is_zero(workflow: Workflow) -> None:
    columns, codes = AsOfColumns(ITEMS, "item_id", workflow), workflow.encode("item_id", np.array([1, 2, 3]))
    now, first = columns.of(workflow, codes), columns.of(workflow.as_of(None), codes)
    assert now["kind_count"].tolist() == [7, 7, 3] and now["kind_price_mean"] == pytest.approx([15 / 7, 15 / 7, 17 / 3])
    assert first["kind_count"].tolist() == [0, 0, 0] and first["kind_price_mean"].tolist() == [0.0, 0.0, 0.0]


def test_a_code_that_stands_for_many_has_what_none_of_them_has(workflow: Workflow) -> None:
    columns, codes = AsOfColumns(ITEMS, "item_id", workflow), workflow.encode("item_id", np.array([4, 99]))
    assert set(codes.tolist()) == {2}
    found = columns.of(workflow, codes)
    assert found["kind_count"].tolist() == [NULL_CODE] * 2 and found["kind_price_mean"].tolist() == [0.0, 0.0]
