from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.sequences import histories_before
from tests.ops_gpu.toys import events_of, logs, rows_of, toy_events


def as_of_each(events: Events, length: int) -> list[list[int]]:
    """What `Histories` would have given online just before each event."""
    rows = rows_of(events)
    return [
        Histories.from_events(events.before(time), np.array([user])).recent(length)[0].tolist()
        for user, _, time, _ in rows
    ]


@given(logs(), st.integers(1, 5))
def test_rows_are_what_histories_gives_as_of_the_event(events: Events, length: int) -> None:
    assert histories_before(events, length).tolist() == as_of_each(events, length)


@pytest.mark.parametrize("step", [1, DAY], ids=["different times", "equal times"])
@pytest.mark.parametrize("items", [24, 400], ids=["repeats", "hardly a repeat"])
def test_a_longer_log(step: int, items: int) -> None:
    events = toy_events(count=250, step=step, items=items)
    assert histories_before(events, 6).tolist() == as_of_each(events, 6)


@given(logs(), st.integers(-1, 14))
def test_rows_since_a_moment(events: Events, since: int) -> None:
    later = events.time >= since
    assert histories_before(events, 3, since).tolist() == histories_before(events, 3)[later].tolist()


def test_one_invoice_is_one_act() -> None:
    events = events_of([(3, 9, 5, True), (3, 4, 5, True), (3, 7, 8, True), (3, 4, 9, True), (3, 5, 10, True)])
    assert histories_before(events, 3).tolist() == [[0, 0, 0], [0, 0, 0], [9, 4, 0], [7, 9, 4], [4, 7, 9]]


def test_no_events() -> None:
    assert histories_before(events_of([]), 4).shape == (0, 4)
