from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from ops_gpu.evaluation.point_in_time import PointInTimeReport, check_point_in_time, differing, poisoned
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState, ItemStateConfig
from ops_gpu.models.training.ranking_rows import RankingRows
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
    assert report.rows > len(heart.data.events.between(MOMENT - 3 * DAY // 2, MOMENT)) > 100


def test_counts_that_look_ahead_are_found(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = ItemState.of_counts

    def leaky(events: Events, as_of: int, config: ItemStateConfig) -> ItemState:
        """Takes all events that there are for old."""
        old = np.zeros_like(events.time)
        return honest(replace(events, time=old), as_of, config)

    monkeypatch.setattr(ItemState, "of_counts", staticmethod(leaky))
    assert "rows" in check(heart).changed  # other items are popular


def test_features_that_look_ahead_are_found_by_name(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = ItemState.build

    def leaky(events: Events, as_of: int, available: Mask, config: ItemStateConfig) -> ItemState:
        """Knows how many will like each item in the end."""
        liked = events.item[events.positive]
        total = np.bincount(liked, minlength=events.items).astype(np.float32)
        return replace(honest(events, as_of, available, config), total=total)

    monkeypatch.setattr(ItemState, "build", staticmethod(leaky))
    number = CONFIG.feature_names.index("total")
    changed = check(heart).changed
    assert {f"list_feature_{number}", f"candidate_feature_{number}"} <= set(changed)
    assert "rows" not in changed and "history" not in changed


def test_histories_that_look_ahead_are_found(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops_gpu.evaluation.point_in_time.histories_before", latest)
    assert check(heart).changed == ("history",)


def latest(events: Events, length: int) -> npt.NDArray[np.int32]:
    """Each user's last items of all time, whenever the event was."""
    users = np.arange(events.users)
    return Histories.from_events(events, users).recent(length)[events.user]


def test_counts_of_the_day_itself_are_found(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Events.before
    monkeypatch.setattr(Events, "before", lambda events, end: before(events, end + DAY))
    monkeypatch.setattr("ops_gpu.evaluation.point_in_time.rows_at", nothing)
    monkeypatch.setattr("ops_gpu.evaluation.point_in_time._candidates_now", lambda *_: pl.DataFrame())
    changed = check(heart).changed
    assert "item_popularity_0" in changed and "user_items" in changed and "history" not in changed


def nothing(*_: object) -> RankingRows:
    return RankingRows.empty(CONFIG.feature_names)


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
