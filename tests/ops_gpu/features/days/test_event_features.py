from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ops_gpu.features.days import event_features, event_past
from ops_gpu.features.days.event_features import EventFeatures
from ops_gpu.features.ranking_features import ItemFeatures
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.interactions.sequences import histories_before
from ops_gpu.interactions.utc_days import as_day
from tests.ops_gpu.day_files import write_days
from tests.ops_gpu.heart import CONFIG, CUT, START, Heart
from tests.ops_gpu.taught import taught_rows
from tests.ops_gpu.toys import rows_of

SNAPSHOT = CONFIG.candidates.snapshot
FIRST, TODAY = as_day(START), as_day(CUT)


@pytest.fixture(scope="module")
def features(heart: Heart, tmp_path_factory: pytest.TempPathFactory) -> EventFeatures:
    return of(heart, heart.interactions, tmp_path_factory.mktemp("days"))


def of(heart: Heart, interactions: pl.DataFrame, folder: Path) -> EventFeatures:
    data, length = heart.data, CONFIG.history_length
    past = write_days(interactions, folder / "files", SNAPSHOT)
    return EventFeatures(past, data.users, data.items, heart.workflow, length)


@pytest.fixture(scope="module")
def day(features: EventFeatures) -> pl.DataFrame:
    return rows(features, TODAY)


def rows(features: EventFeatures, day: date) -> pl.DataFrame:
    [(made, frame)] = features.of([day])
    assert made == day
    return frame


def test_a_row_an_event_in_their_order(heart: Heart, day: pl.DataFrame) -> None:
    events = heart.data.events.between(CUT, CUT + DAY)
    assert day.height == len(events) > 50
    assert day["user_id"].to_list() == events.user.tolist() and day["item_id"].to_list() == events.item.tolist()
    assert day["timestamp"].dt.epoch("s").to_list() == events.time.tolist()
    assert day["label"].to_list() == events.positive.tolist()


def test_columns_of_user_item_and_history(heart: Heart, day: pl.DataFrame) -> None:
    data, first = heart.data, len(heart.data.events.before(CUT))
    history = histories_before(data.events, CONFIG.history_length)
    for name in ("country", "price"):
        table = data.users if name in data.users.columns else data.items
        key = "user_id" if table is data.users else "item_id"
        assert day[name].to_list() == table.columns[name][day[key].to_numpy()].tolist()
    for number in range(0, day.height, 17):
        row = history[first + number]
        assert day["history"][number].to_list() == row[row > 0].tolist()
        genres = data.items.columns["genres"][day["item_id"][number]]
        assert day["genres"][number].to_list() == genres[genres > 0].tolist()
    assert day.schema["history"] == pl.List(pl.Int32)


def test_counts_stand_as_of_the_morning(heart: Heart, day: pl.DataFrame) -> None:
    items = ItemFeatures.of(ItemState.of_counts(heart.data.events, CUT, SNAPSHOT))
    for number, name in enumerate(items.names):
        expected = items.values[day["item_id"].to_numpy(), number]
        np.testing.assert_array_equal(day[f"item_{name}"].to_numpy(), expected)
    past = rows_of(heart.data.events.before(CUT))
    for row in day.rows(named=True)[::17]:
        mine = [r for r in past if r[0] == row["user_id"]]
        again = [r for r in mine if r[1] == row["item_id"]]
        assert row["user_items"] == len({r[1] for r in mine})
        assert row["own_count"] == len(again)
        assert row["own_days"] == (pytest.approx((CUT - again[-1][2]) / DAY) if again else None)


def test_own_items_are_counted(heart: Heart, tmp_path: Path) -> None:
    """In the demo nobody chooses an item twice, so the log is told again a day later."""
    yesterday = TODAY - timedelta(1)
    one = heart.interactions.filter(pl.col("timestamp").dt.date() == yesterday)
    two = one.with_columns(pl.col("timestamp") + timedelta(1))
    found = rows(of(heart, pl.concat([one, two]), tmp_path), TODAY)
    assert found.height == one.height and set(found["own_count"].to_list()) == {1.0}
    age = (CUT - (found["timestamp"].dt.epoch("s") - DAY)) / DAY
    assert found["own_days"].to_list() == pytest.approx(age.to_list())


def test_the_first_day_and_a_day_without_events(heart: Heart, day: pl.DataFrame, tmp_path: Path) -> None:
    features = of(heart, heart.interactions, tmp_path)
    first = rows(features, FIRST)
    assert first.height > 0 and first["own_days"].is_null().all() and set(first["user_items"]) == {0.0}
    empty, before = tmp_path / "empty.parquet", FIRST - timedelta(1)
    heart.interactions.clear().write_parquet(empty)
    past = features.past
    quiet = replace(past, events={**past.events, before: empty}, counts={**past.counts, before: empty})
    none = rows(replace(features, past=quiet), before)
    assert none.height == 0 and none.schema == first.schema == day.schema


@pytest.mark.parametrize("few", [1, 300, 10**6], ids=["a day", "some days", "all at once"])
def test_a_day_is_the_same_alone_and_among_others(
    features: EventFeatures, day: pl.DataFrame, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many events and users are held at once, and where days lie between those that are asked for."""
    monkeypatch.setattr(event_features, "EVENTS_AT_ONCE", few)
    monkeypatch.setattr(event_past, "USERS_AT_ONCE", 7 if few > 1 else 10**6)
    days = [FIRST, FIRST + timedelta(1), *(TODAY + timedelta(number) for number in (-3, -1, 0, 1))]
    made = dict(features.of(days[::-1]))
    assert list(made) == days
    for other in days:
        assert made[other].equals(rows(features, other))
    assert made[TODAY].equals(day)


def test_the_order_of_rows_in_files_does_not_matter(heart: Heart, day: pl.DataFrame, tmp_path: Path) -> None:
    shuffled = heart.interactions.sample(fraction=1, shuffle=True, seed=1)
    assert rows(of(heart, shuffled, tmp_path), TODAY).equals(day)


@pytest.fixture(scope="module")
def taught_features(heart: Heart, tmp_path_factory: pytest.TempPathFactory) -> EventFeatures:
    return taught_rows(heart, tmp_path_factory.mktemp("taught"))[0]


def test_what_labels_and_counts_teach_is_known_as_of_the_morning(heart: Heart, taught_features: EventFeatures) -> None:
    assert taught_features.workflow.as_of_columns == ["TE_item_id_label", "language_count"]
    before = heart.interactions.filter(pl.col("timestamp").dt.epoch("s") < CUT)
    language = dict(heart.demo.items.select("item_id", "language").rows())
    spoken = before["item_id"].replace_strict(language).value_counts()
    count = dict(spoken.rows())
    found = rows(taught_features, TODAY)
    ids = taught_features.workflow.decode("item_id", found["item_id"].to_numpy()).tolist()
    mean = before["label"].mean()
    assert isinstance(mean, float)
    for number in range(0, found.height, 13):
        mine = before.filter(pl.col("item_id") == ids[number])["label"]
        expected = (mine.sum() + 3 * mean) / (len(mine) + 3)
        assert found["TE_item_id_label"][number] == pytest.approx(expected, rel=1e-5)
        assert found["language_count"][number] == pytest.approx(np.log1p(count[language[ids[number]]]), rel=1e-5)


def test_the_first_day_knows_the_prior_alone(taught_features: EventFeatures) -> None:
    first = rows(taught_features, FIRST)
    assert first.height and set(first["language_count"]) == {0.0} and first["TE_item_id_label"].n_unique() == 1


def test_days_together_are_taught_as_each_alone(taught_features: EventFeatures) -> None:
    days = [FIRST, *(TODAY + timedelta(number) for number in (-2, -1, 0))]
    for day, frame in taught_features.of(days):
        alone = rows(taught_features, day)
        assert_frame_equal(frame, alone, rel_tol=1e-6)  # sums of fractions depend on their order
