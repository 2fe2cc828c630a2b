from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from ops_gpu.features.entity_workflow import fit_workflow
from ops_gpu.features.training_data import TrainingData, encode_events, entity_table, ids
from ops_gpu.features.training_rows import GatheredRows
from ops_gpu.interactions.sequences import histories_before
from ops_gpu.schema.raw_schema import raw_schema
from ops_gpu.workflow.default_workflow import default_workflow
from ops_gpu.workflow.workflow import Workflow
from tests.ops_gpu.toys import rows_of

USERS = pl.DataFrame({"user_id": [10, 20, 30], "city": ["x", "y", "x"], "age": [20.0, 40.0, 60.0]})
ITEMS = pl.DataFrame(
    {
        "item_id": ["a", "b", "c", "d", "b"],
        "title": ["A", "B", "C", "D", "B again"],
        "available": [True, True, False, None, False],
        "genres": [["g", "h"], ["h"], [], ["g"], ["z"]],
    }
)
TIMES = [(2024, 1, 3), (2024, 1, 1), (2024, 1, 2, 0, 0, 0, 900), (2024, 1, 3)]
EVENTS = pl.DataFrame(
    {
        "user_id": [20, 10, 10, 20],
        "item_id": ["b", "a", "b", "c"],
        "timestamp": [datetime(*time) for time in TIMES],  # a part of a second is cut off
        "label": [True, True, False, True],
    }
)
START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())


@pytest.fixture(scope="module")
def workflow() -> Workflow:
    items = ITEMS.unique("item_id", keep="first", maintain_order=True)
    schema = raw_schema(USERS, items)
    return fit_workflow(EVENTS, USERS, items, Workflow(default_workflow(schema), schema))


@pytest.fixture(scope="module")
def data(workflow: Workflow) -> TrainingData:
    return TrainingData.assemble(EVENTS, USERS, ITEMS, workflow, 2)


def codes(workflow: Workflow, *items: str) -> list[int]:
    return workflow.encode("item_id", np.array([item.encode() for item in items])).tolist()


def test_events_are_encoded_in_time_order(workflow: Workflow, data: TrainingData) -> None:
    user = dict(zip([10, 20], workflow.encode("user_id", np.array([10, 20])).tolist(), strict=True))
    a, b, c = codes(workflow, "a", "b", "c")
    assert rows_of(data.events) == [
        (user[10], a, START, True),
        (user[10], b, START + 86_400, False),
        *sorted([(user[20], b, START + 2 * 86_400, True), (user[20], c, START + 2 * 86_400, True)]),
    ]
    assert (data.events.users, data.events.items) == (6, 7)
    assert isinstance(data.rows, GatheredRows)
    np.testing.assert_array_equal(data.rows.past.history, histories_before(data.events, 2))


def test_every_user_and_item_has_its_features(workflow: Workflow, data: TrainingData) -> None:
    of_city = data.users.columns["city"][workflow.encode("user_id", np.array([10, 20, 30]))]
    assert of_city[0] == of_city[2] != of_city[1] and data.users.size == 6
    genres = data.items.columns["genres"][codes(workflow, "a", "b", "c", "d")]
    assert (genres != 0).sum(axis=1).tolist() == [2, 1, 0, 1] and genres[0, 1] == genres[1, 0]
    assert data.item_schema["genres"].value_count is not None
    assert data.item_schema["genres"].value_count.max == genres.shape[1]


def test_of_two_rows_of_an_item_the_first_counts(workflow: Workflow, data: TrainingData) -> None:
    assert data.available[codes(workflow, "a", "b", "c", "d")].tolist() == [True, True, False, True]
    assert not data.available[:3].any()
    again = TrainingData.assemble(EVENTS, USERS, ITEMS.reverse(), workflow, 2)
    assert not again.available[codes(workflow, "b")].any()


def test_what_is_offered(workflow: Workflow, data: TrainingData) -> None:
    a, b, d = codes(workflow, "a", "b", "d")
    assert np.flatnonzero(data.offered(None)).tolist() == sorted([a, b, d])
    assert np.flatnonzero(data.offered(START + 1)).tolist() == [a]
    assert np.flatnonzero(data.offered(START + 9 * 86_400)).tolist() == sorted([a, b])
    assert not data.offered(START).any()


def test_unknown_ids_get_the_code_for_them(workflow: Workflow) -> None:
    strange = EVENTS.with_columns(user_id=pl.lit(99), item_id=pl.lit("?"))
    found = encode_events(strange, workflow)
    assert set(found.user.tolist()) == set(found.item.tolist()) == {2}


def test_entities_that_the_workflow_does_not_know_are_left_out(workflow: Workflow) -> None:
    more = pl.concat([USERS, pl.DataFrame({"user_id": [77], "city": ["x"], "age": [1e6]})])
    (table, schema), (known, _) = entity_table(more, "user_id", workflow), entity_table(USERS, "user_id", workflow)
    assert schema.names == ["user_id", "city", "age"]
    for name, values in known.columns.items():
        np.testing.assert_array_equal(table.columns[name], values)


def test_raw_ids() -> None:
    assert ids(pl.Series([3, 1])).tolist() == [3, 1]
    assert ids(pl.Series(["é", "ab"])).tolist() == ["é".encode(), b"ab"]
    assert ids(pl.Series([], dtype=pl.String)).dtype.kind == "S"


def test_one_long_id_does_not_make_all_of_them_long() -> None:
    import tracemalloc

    rows = 200_000
    names = [f"u{n % 50}" for n in range(rows - 1)] + ["x" * 256]
    events = pl.DataFrame(
        {"user_id": names, "item_id": ["a"] * rows, "timestamp": [datetime(2024, 1, 1)] * rows, "label": [True] * rows}
    )
    users, items = events.select("user_id").unique(), events.select("item_id").unique()
    schema = raw_schema(users, items)
    workflow = fit_workflow(events, users, items, Workflow(default_workflow(schema), schema))
    tracemalloc.start()
    try:
        encoded = encode_events(events, workflow)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 25e6  # texts of one width would take 51 MB
    assert len(encoded) == rows
    assert set(workflow.invert("user_id", np.unique(encoded.user))) == set(names)
