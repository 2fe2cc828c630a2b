from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from ops_gpu.evaluation.event_rows_in_time import check_event_features
from ops_gpu.evaluation.point_in_time import PointInTimeReport
from ops_gpu.features.days.event_features import EventFeatures
from ops_gpu.features.days.past_statistics import PastStatistics
from ops_gpu.interactions.days.item_accumulator import ItemAccumulator
from ops_gpu.interactions.days.past_days import PastDays
from ops_gpu.interactions.days.user_histories import Encode, UserHistories
from ops_gpu.interactions.events import DAY
from ops_gpu.workflow.workflow import Workflow
from tests.ops_gpu.day_files import write_days
from tests.ops_gpu.heart import CONFIG, CUT, Heart
from tests.ops_gpu.taught import taught_rows

MOMENT = CUT - 2 * DAY


@pytest.fixture(scope="module")
def features(heart: Heart, tmp_path_factory: pytest.TempPathFactory) -> EventFeatures:
    data, folder = heart.data, tmp_path_factory.mktemp("days")
    past = write_days(heart.interactions, folder / "files", CONFIG.candidates.snapshot)
    return EventFeatures(past, data.users, data.items, heart.workflow, CONFIG.history_length)


def check(features: EventFeatures, folder: Path) -> PointInTimeReport:
    return check_event_features(features, MOMENT, folder)


def test_nothing_looks_ahead(heart: Heart, features: EventFeatures, tmp_path: Path) -> None:
    report = check(features, tmp_path)
    assert report.changed == () and CUT - 3 * DAY < report.moment < CUT - 2 * DAY
    assert report.poisoned == len(heart.data.events.between(report.moment, None)) > 1000
    assert report.rows == len(heart.data.events.between(CUT - 4 * DAY, report.moment)) > 100


def test_counts_of_the_day_itself_are_found(
    features: EventFeatures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = PastDays.items_before

    def leaky(past: PastDays, day: date, encode: Encode, items: int) -> ItemAccumulator:
        """Knows the day that it is asked for, as if it had been."""
        found = honest(past, day + timedelta(1), encode, items)
        found.as_of -= DAY
        return found

    monkeypatch.setattr(PastDays, "items_before", leaky)
    changed = check(features, tmp_path).changed
    assert "item_popularity_0" in changed and "history" not in changed


def test_histories_that_look_ahead_are_found(
    features: EventFeatures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = PastDays.users_before

    def leaky(past: PastDays, day: date) -> UserHistories:
        return honest(past, day + timedelta(1))

    monkeypatch.setattr(PastDays, "users_before", leaky)
    changed = check(features, tmp_path).changed
    assert {"history", "user_items"} <= set(changed) and "item_popularity_0" not in changed


def test_what_labels_teach_on_the_day_itself_is_found(
    heart: Heart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught, count = taught_rows(heart, tmp_path / "days")
    assert check_event_features(taught, MOMENT, tmp_path / "honest", count=count).changed == ()
    honest = PastStatistics.workflows

    def leaky(past: PastStatistics, days: Sequence[date]) -> Iterator[Workflow]:
        return honest(past, [day + timedelta(1) for day in days])

    monkeypatch.setattr(PastStatistics, "workflows", leaky)
    changed = check_event_features(taught, MOMENT, tmp_path / "leaky", count=count).changed
    assert "TE_item_id_label" in changed and set(changed) <= {"TE_item_id_label", "language_count"}
