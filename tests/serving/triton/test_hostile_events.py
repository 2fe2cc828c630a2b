"""Hostile requests to the four stages, which take a user's latest events, in both forms; see `test_hostile`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.serving.triton.hostile import Attack, Victim, with_values
from tests.serving.triton.watch import Watch
from tests.serving.whole_release import NAME

pytestmark = pytest.mark.triton
EVENTS = {"event_item": ("INT64", 256), "event_time": ("INT64", 256), "event_positive": ("FP32", 256)}
WHOLE = Victim(NAME, ("u1", "u2", "nobody"), {"user_id": ("UINT8", 256), "k": ("INT32", 1)} | EVENTS)
TIMES, SIGNS = (
    "'event_time' of a request must lie between 0 and",
    "'event_positive' of a request must lie between 0 and 1",
)
NO_ITEM = "has 0 values of 'event_item' and 256 of"


@pytest.fixture
def watch(served: str, tmp_path: Path) -> Iterator[Watch]:
    watch = Watch(served, tmp_path, WHOLE)
    yield watch
    assert watch.is_unharmed()
    watch.close()


def test_each_hostile_request_gets_its_own_error(watch: Watch) -> None:
    watch.fuzz(8, 5)


@pytest.mark.long
def test_hundreds_of_hostile_requests_get_their_own_errors(watch: Watch) -> None:
    watch.fuzz(80, 7)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("event_time", 2**63 - 1, TIMES),
        ("event_time", -(2**63), TIMES),
        ("event_positive", float("nan"), SIGNS),
        ("event_positive", float("inf"), SIGNS),
        ("event_positive", -1e-30, SIGNS),
        ("event_time", 7, NO_ITEM),
        ("event_positive", 1.0, NO_ITEM),
    ],
)
def test_what_an_event_must_not_be(watch: Watch, column: str, value: float, reason: str) -> None:
    values = np.zeros(256, np.float64 if isinstance(value, float) else np.int64)
    values[1] = value
    message = with_values(WHOLE, column, list(values)).SerializeToString()
    watch.strike([Attack(column, message, reason)] * 8)


def test_items_that_nobody_knows_are_no_trouble(watch: Watch) -> None:
    unknown = [-(2**63), 2**63 - 1, -1, 0] * 64
    watch.join([with_values(WHOLE, "event_item", unknown).SerializeToString()] * 4)
