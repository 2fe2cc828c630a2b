"""The moment after which events are poisoned, and what is made of what then changes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import numpy as np
import pytest

from ops_gpu.evaluation.point_in_time import PointInTimeReport
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.recommender.day_ranges import Ranges
from recsys_assets.checks import point_in_time as module
from recsys_assets.checks.point_in_time import _moment
from recsys_assets.component.locations import blueprints
from resources.home import Home

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


@pytest.mark.parametrize(
    ("poisoned", "rows", "events", "changed", "learned", "said"),
    [
        (9, 9, (9, ()), (), [], "nothing changed"),
        (0, 9, (9, ()), (), [], "nothing to compare"),
        (9, 0, (9, ()), (), [], "nothing to compare"),
        (9, 9, (0, ()), (), [], "nothing to compare"),
        (9, 9, (9, ("history",)), (), [], "history look ahead"),
        (9, 9, (9, ()), ("list_item",), [], "list_item look ahead"),
        (9, 9, (9, ()), (), ["price"], "price (as the workflow was fitted) look ahead"),
    ],
    ids=["right", "no poison", "no lists", "no rows of events", "histories", "lists", "statistics"],
)
def test_it_passes_where_something_was_compared_and_nothing_changed(
    shop: Path,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    poisoned: int,
    rows: int,
    events: tuple[int, tuple[str, ...]],
    changed: tuple[str, ...],
    learned: list[str],
    said: str,
) -> None:
    nothing = SimpleNamespace(ranges=None, events=None, of_events=None)
    monkeypatch.setattr(module, "DayRanges", SimpleNamespace(load=lambda _: nothing))
    made = ("challenger_workflow", "fitted_workflow", "training_data", "retrievers", "event_features", "day_statistics")
    for name in (*made, "partial", "_taught"):
        monkeypatch.setattr(module, name, lambda *_: nothing)
    monkeypatch.setattr(module, "_moment", lambda *_: DAY)
    monkeypatch.setattr(module, "_learned_ahead", lambda *_: learned)
    report = PointInTimeReport(DAY, poisoned, rows, changed)
    monkeypatch.setattr("ops_gpu.evaluation.point_in_time.check_point_in_time", lambda *_: report)
    of_events = PointInTimeReport(DAY, poisoned, *events)
    monkeypatch.setattr("ops_gpu.evaluation.event_rows_in_time.check_event_features", lambda *_, **__: of_events)
    found = module.point_in_time(blueprints(shop, home)[0])()
    assert isinstance(found, dg.AssetCheckResult)
    assert found.passed is (said == "nothing changed") and str(found.description).endswith(f": {said}.")
    names = said.partition(" look")[0] if "look" in said else "nothing"
    assert found.metadata["changed"].value == names
