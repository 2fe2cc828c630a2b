"""The moment after which events are poisoned."""

from __future__ import annotations

import numpy as np
import pytest

from ops_gpu.events import DAY, Events
from ops_gpu.ranges import Ranges
from recsys_assets.checks.point_in_time import _moment

NOON = DAY // 2


def events(days: list[int]) -> Events:
    """One at noon of each of these days."""
    codes = np.full(len(days), 3, np.int32)
    times = np.array(days, np.int64) * DAY + NOON
    return Events.sorted(codes, codes, times, np.ones(len(days), np.bool_), 4, 4)


@pytest.mark.parametrize(
    ("days", "first", "horizon", "last"),
    [
        (list(range(20)), 0, 3, 12),  # three days before day 16, from which lists are judged
        (list(range(20)), 0, 30, 7),  # no further back than half of the days
        ([0, 1, 2, 18], 0, 3, 2),  # the days before are empty
        ([15, 18], 15, 3, None),  # of one day there is no half
    ],
    ids=["some days back", "half of the log", "after a pause", "one day"],
)
def test_there_are_events_before_it_and_days_after_it(
    days: list[int], first: int, horizon: int, last: int | None
) -> None:
    ranges = Ranges(first * DAY, 16 * DAY, 20 * DAY, 20 * DAY, "nothing")
    expected = (15 if last is None else last) * DAY + NOON + 1
    assert _moment(events(days), ranges, horizon) == expected
