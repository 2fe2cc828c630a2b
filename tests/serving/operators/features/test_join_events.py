"""Events that come with a request count like events of the logs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_repo.users.user_state import user_state
from ops_gpu.interactions.history_columns import ENTRY
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.features.join_events import JoinEvents
from serving.request.columns import Columns
from serving.request.event_columns import event_columns, without_padding
from serving.request.frames import to_columns, to_frame
from serving.request.null_values import NULL_INTEGER
from serving.request.request import complete

USERS, START = 4, datetime(2026, 1, 1)
Event = tuple[int, int, int, bool]
EVENTS = st.lists(
    st.tuples(st.integers(0, USERS - 1), st.integers(0, 5), st.integers(0, 6), st.booleans()), max_size=25
)
TYPES = pytest.mark.parametrize("dtype", ["int64", "string"])


def text(item: int) -> str:
    return ["", "é", "z", "zz", "a", "日本"][item] + str(item)


def frame(events: list[Event], dtype: str) -> pl.DataFrame:
    """Several events may be of one second, of one item, of one user."""
    return pl.DataFrame(
        {
            "user_id": [user for user, *_ in events],
            "item_id": [text(item) if dtype == "string" else item for _, item, *_ in events],
            "timestamp": [START + timedelta(seconds=time) for *_, time, _ in events],
            "label": [label for *_, label in events],
        },
        schema={
            "user_id": pl.Int64,
            "item_id": pl.String if dtype == "string" else pl.Int64,
            "timestamp": pl.Datetime("us"),
            "label": pl.Boolean,
        },
    )


def stored(events: list[Event], dtype: str) -> Columns:
    states = user_state(pl.DataFrame({"user_id": range(USERS)}), frame(events, dtype))
    types = {"history_item": dtype, "history_count": "float32", "history_last": "int64", "history_positive": "float32"}
    return to_columns(states, Schema(ColumnSchema(name, kind, is_list=True) for name, kind in types.items()))


def in_request(events: list[Event], dtype: str, width: int) -> Columns:
    """The events as a request holds them: a row a user, filled up."""
    nothing: Any = b"" if dtype == "string" else NULL_INTEGER
    items = np.full((USERS, width), nothing, "S16" if dtype == "string" else np.int64)
    times, positive = np.zeros((USERS, width), np.int64), np.zeros((USERS, width), np.float32)
    for user in range(USERS):
        for place, (_, item, time, label) in enumerate(event for event in events if event[0] == user):
            items[user, place] = text(item).encode() if dtype == "string" else item
            times[user, place] = int((START - datetime(1970, 1, 1)).total_seconds()) + time
            positive[user, place] = label
    return {"event_item": items, "event_time": times, "event_positive": positive}


def rows(columns: Columns) -> list[tuple[Any, ...]]:
    return to_frame({name: columns[name] for name in ENTRY}).rows()


@TYPES
@given(before=EVENTS, after=EVENTS)
@settings(max_examples=60)
def test_joined_online_is_what_the_logs_will_say(dtype: str, before: list[Event], after: list[Event]) -> None:
    joined = JoinEvents(dtype).transform({**stored(before, dtype), **in_request(after, dtype, 25)})
    assert rows(joined) == rows(stored(before + after, dtype))


@TYPES
@given(before=EVENTS, after=EVENTS)
@settings(max_examples=30)
def test_a_batch_is_its_singles(dtype: str, before: list[Event], after: list[Event]) -> None:
    columns = {**stored(before, dtype), **in_request(after, dtype, 25)}
    joined = JoinEvents(dtype).transform(columns)
    for user in range(USERS):
        one = np.array([user])
        mine = {n: c.take(one) if isinstance(c, Ragged) else c[one] for n, c in columns.items()}
        assert rows(JoinEvents(dtype).transform(mine)) == [rows(joined)[user]]


@TYPES
def test_without_events_nothing_is_touched(dtype: str) -> None:
    columns = stored([(0, 1, 1, True)], dtype)
    for width in (0, 3):
        joined = JoinEvents(dtype).transform({**columns, **in_request([], dtype, width)})
        assert all(joined[name] is columns[name] for name in ENTRY)


@TYPES
@given(events=EVENTS)
@settings(max_examples=30)
def test_padding_is_told_from_events(dtype: str, events: list[Event]) -> None:
    dense = in_request(events, dtype, 25)
    lists = without_padding(dense)
    items = lists["event_item"]
    assert isinstance(items, Ragged) and len(items.values) == len(events)
    again = {
        n: c.to_dense(25, {"event_item": b"" if dtype == "string" else NULL_INTEGER}.get(n, 0))
        for n, c in lists.items()
        if isinstance(c, Ragged)
    }
    assert all(np.array_equal(dense[name], again[name]) for name in dense)


INPUTS = Schema([ColumnSchema("user_id", "int64"), *event_columns("int64")])


def request(**events: Any) -> Columns:
    return {"user_id": np.array([1, 2]), **events}


def test_events_without_more_are_successes_of_now() -> None:
    before = int(datetime.now().timestamp())
    columns = complete(request(event_item=np.array([[3], [NULL_INTEGER]])), INPUTS)
    assert (np.asarray(columns["event_time"]) >= before).all()
    assert (np.asarray(columns["event_positive"]) == 1).all()
    nothing = complete(request(), INPUTS)
    assert [np.shape(nothing[name]) for name in event_columns("int64").names] == [(2, 0)] * 3  # type: ignore[arg-type]


TWO = np.array([[3], [4]])


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ({"event_item": np.array([3, 4])}, "'event_item' of a request must be one row of values a user"),
        ({"event_item": np.array([[3]])}, "must have one length"),
        ({"event_item": TWO.astype(np.float64)}, "'event_item' of a request must be int64, got float64"),
        ({"event_item": np.zeros((2, 300), np.int64)}, "holds 300 values a user; send at most 256"),
        ({"event_time": TWO}, "has 0 values of 'event_item' and 1 of 'event_time'"),
        ({"event_item": np.repeat(TWO, 2, axis=1), "event_time": TWO}, "has 2 values of 'event_item' and 1"),
        ({"event_item": TWO, "event_time": -TWO}, "'event_time' of a request must lie between"),
        ({"event_item": TWO, "event_time": TWO * 2**60}, "'event_time' of a request must lie between"),
        ({"event_item": TWO, "event_positive": TWO * np.float32(np.nan)}, "'event_positive' of a request must lie"),
    ],
)
def test_events_that_cannot_be(events: Columns, reason: str) -> None:
    events = {n: c.astype(np.float32) if n == "event_positive" else c for n, c in events.items()}  # type: ignore[union-attr]
    with pytest.raises(ValueError, match=reason):
        complete(request(**events), INPUTS)


def test_text_ids_must_be_text() -> None:
    inputs = Schema([ColumnSchema("user_id", "int64"), *event_columns("string")])
    with pytest.raises(ValueError, match="'event_item' of a request must be UTF-8 of at most"):
        complete(request(event_item=np.array([[3], [4]])), inputs)
    with pytest.raises(ValueError, match="'event_item' of a request must be UTF-8"):
        complete(request(event_item=np.array([[b"\xff"], [b"a"]])), inputs)
