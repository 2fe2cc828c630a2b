from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.client.latest_events import event_tensors, events_of_users
from serving.request.event import Event
from serving.request.null_values import NULL_INTEGER
from serving.request.request import MAX_EVENTS
from serving.request.text_lists import unpack_texts
from tests.serving.canned_server import TYPES

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=9)
INTEGERS = st.integers(NULL_INTEGER + 1, 2**63 - 1)


def events_with(ids: st.SearchStrategy[Any]) -> st.SearchStrategy[list[list[Event]]]:
    event = st.builds(Event, ids, st.floats(0, 10**10), st.booleans())
    return st.lists(st.lists(event, max_size=4), min_size=1, max_size=4)


def arrays(events: list[list[Event]], item_type: str) -> list[Any]:
    return [np.frombuffer(t.raw, TYPES[t.datatype]).reshape(t.shape) for t in event_tensors(events, item_type)]


def check(users: list[list[Event]], items: list[list[Any]], when: Any, positive: Any, padding: Any) -> None:
    width = MAX_EVENTS
    for row, user in enumerate(users):
        more = width - len(user)
        assert items[row] == [event.item_id for event in user] + [padding] * more
        assert when[row].tolist() == [int(event.time or 0) for event in user] + [0] * more  # type: ignore[arg-type]
        assert positive[row].tolist() == [float(event.positive) for event in user] + [0.0] * more


@given(events_with(INTEGERS))
def test_integer_items_survive_the_wire(users: list[list[Event]]) -> None:
    if not any(users):
        assert arrays(users, "INT64") == []
        return
    item, when, positive = arrays(users, "INT64")
    check(users, item.tolist(), when, positive, NULL_INTEGER)


@given(events_with(TEXTS))
def test_text_items_survive_the_wire(users: list[list[Event]]) -> None:
    if any(users):
        item, when, positive = arrays(users, "UINT8")
        texts = [[text.decode() for text in row] for row in unpack_texts(item, "event_item").tolist()]
        check(users, texts, when, positive, "")


def test_times() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    before = int(time.time())
    _, when, _ = arrays([[Event(1, moment), Event(2, 5.9), Event(3)]], "INT64")
    assert when[0, :2].tolist() == [moment.timestamp(), 5] and before <= when[0, 2] <= time.time()


@pytest.mark.parametrize("bad", [datetime(2026, 3, 1), 1.7e12, -1, float("nan"), "now", True])
def test_what_is_no_time(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"time of Event\(item_id=1"):
        event_tensors([[Event(1, bad)]], "INT64")


def test_what_is_no_item() -> None:
    with pytest.raises(ValueError, match=r"item id of an event .* got 'film'"):
        event_tensors([[Event("film")]], "INT64")
    with pytest.raises(ValueError, match="stands for no item"):
        event_tensors([[Event(1)], [Event(NULL_INTEGER)]], "INT64")
    with pytest.raises(ValueError, match="stands for no item"):
        event_tensors([[Event("")]], "UINT8")
    with pytest.raises(ValueError, match="must not hold a zero byte"):
        event_tensors([[Event("a\0b")]], "UINT8")


def test_what_is_too_much() -> None:
    assert len(event_tensors([[Event(1)] * 256], "INT64")) == 3
    with pytest.raises(ValueError, match="There are 257 events of a user; send the latest 256 at most"):
        event_tensors([[Event(1)], [Event(1)] * 257], "INT64")
    assert len(event_tensors([[Event("x" * 255)] * 16], "UINT8")) == 3
    with pytest.raises(ValueError, match="beside it take 4111 bytes, at most 4096; send fewer"):
        event_tensors([[Event("x" * 256)] * 16], "UINT8")


def test_whose_events_they_are() -> None:
    first, second = Event(1), Event(2)
    assert events_of_users([first, second], [7], "INT64") == [[first, second]]
    assert events_of_users({"8": [second]}, [7, 8, 8], "INT64") == [[], [second], [second]]
    assert events_of_users({"b": [first]}, ["bb", "b"], "UINT8") == [[], [first]]
    with pytest.raises(ValueError, match="2 users must be a mapping"):
        events_of_users([first], [7, 8], "INT64")
    with pytest.raises(ValueError, match="events of user 9, who is not asked for"):
        events_of_users({9: [first]}, [7], "INT64")
    with pytest.raises(ValueError, match=r"serving\.Event, got 5"):
        events_of_users({7: [5]}, [7], "INT64")  # type: ignore[list-item]
