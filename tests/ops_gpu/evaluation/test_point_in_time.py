from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from ops_gpu.evaluation import point_in_time
from ops_gpu.evaluation.point_in_time import PointInTimeReport, check_point_in_time, differing
from ops_gpu.evaluation.poison import poisoned
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.item_state import ItemState, ItemStateConfig, Similar
from tests.ops_gpu.heart import CONFIG, CUT, Heart
from tests.ops_gpu.toys import rows_of, toy_events

MOMENT = CUT - 3 * DAY
Mask = npt.NDArray[np.bool_]


def check(heart: Heart) -> PointInTimeReport:
    return check_point_in_time(heart.data, heart.fit.early, CONFIG, MOMENT)


def test_nothing_looks_ahead(heart: Heart) -> None:
    report = check(heart)
    assert report.changed == () and report.moment == MOMENT
    assert report.poisoned == len(heart.data.events.between(MOMENT, None)) > 1000
    assert report.rows > 100


def test_of_a_long_log_the_events_of_some_users_are_taken(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point_in_time, "EVENTS", len(heart.data.events) // 3)
    report = check(heart)
    assert report.changed == () and report.rows > 0
    assert 0 < report.poisoned < len(heart.data.events.between(MOMENT, None)) / 2


@pytest.mark.parametrize("share", [1, 3])
def test_features_that_look_ahead_are_found_by_name(heart: Heart, monkeypatch: pytest.MonkeyPatch, share: int) -> None:
    monkeypatch.setattr(point_in_time, "EVENTS", len(heart.data.events) // share)
    honest = ItemState.build

    def leaky(events: Events, as_of: int, available: Mask, config: ItemStateConfig, similar: Similar) -> ItemState:
        """Knows how many will like each item in the end."""
        liked = events.item[events.positive]
        total = np.bincount(liked, minlength=events.items).astype(np.float32)
        return replace(honest(events, as_of, available, config, similar), total=total)

    monkeypatch.setattr(ItemState, "build", staticmethod(leaky))
    number = CONFIG.feature_names.index("total")
    changed = check(heart).changed
    assert {f"list_feature_{number}", f"candidate_feature_{number}"} <= set(changed)
    assert "rows" not in changed


def test_poison_changes_the_future_alone() -> None:
    events, moment = toy_events(), 9 * DAY
    other = poisoned(events, moment)
    assert rows_of(other.before(moment)) == rows_of(events.before(moment))
    assert other.time.tolist() == events.time.tolist()
    changed = [one != two for one, two in zip(rows_of(other), rows_of(events), strict=True) if one[2] >= moment]
    assert sum(changed) > len(changed) / 2
    assert set(other.user.tolist()) <= set(events.user.tolist())


def test_poison_of_no_future() -> None:
    assert rows_of(poisoned(toy_events(), 99 * DAY)) == rows_of(toy_events())


def test_differing() -> None:
    frame = pl.DataFrame({"a": [1.0, float("nan")], "b": [1, None], "c": [[1], []]})
    assert differing(frame, frame.clone()) == []
    assert differing(frame, frame.with_columns(b=pl.Series([1, 2]), c=pl.Series([[1], [2]]))) == ["b", "c"]
    assert differing(frame, frame.head(1)) == ["rows"]
