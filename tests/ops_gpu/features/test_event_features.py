from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ops_gpu.features.event_features import event_features
from ops_gpu.features.ranking_features import ItemFeatures
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.interactions.sequences import histories_before
from tests.ops_gpu.heart import CONFIG, CUT, START, Heart
from tests.ops_gpu.toys import rows_of

SNAPSHOT = CONFIG.candidates.snapshot


@pytest.fixture(scope="module")
def day(heart: Heart) -> pl.DataFrame:
    return event_features(heart.data, CUT, CUT + DAY, SNAPSHOT)


def test_a_row_an_event_in_their_order(heart: Heart, day: pl.DataFrame) -> None:
    events = heart.data.events.between(CUT, CUT + DAY)
    assert day.height == len(events) > 50
    assert day["user_id"].to_list() == events.user.tolist() and day["item_id"].to_list() == events.item.tolist()
    assert day["timestamp"].dt.epoch("s").to_list() == events.time.tolist()
    assert day["label"].to_list() == events.positive.tolist()


def test_columns_of_user_item_and_history(heart: Heart, day: pl.DataFrame) -> None:
    data, first = heart.data, len(heart.data.events.before(CUT))
    for name in ("country", "price"):
        table = data.users if name in data.users.columns else data.items
        key = "user_id" if table is data.users else "item_id"
        assert day[name].to_list() == table.columns[name][day[key].to_numpy()].tolist()
    for number in range(0, day.height, 17):
        row = data.history[first + number]
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


def test_own_items_are_counted(heart: Heart) -> None:
    """In the demo nobody chooses an item twice, so the log is told again a day later."""
    one = heart.data.events.between(CUT - DAY, CUT)
    twice = [np.concatenate([column, column]) for column in (one.user, one.item)]
    time, positive = np.concatenate([one.time, one.time + DAY]), np.concatenate([one.positive, one.positive])
    events = Events.sorted(twice[0], twice[1], time, positive, one.users, one.items)
    found = event_features(
        replace(heart.data, events=events, history=histories_before(events, 3)), CUT, CUT + DAY, SNAPSHOT
    )
    assert found.height == len(one) and set(found["own_count"].to_list()) == {1.0}
    assert found["own_days"].to_list() == pytest.approx(((CUT - one.time) / DAY).tolist())


def test_the_first_day_and_a_day_without_events(heart: Heart, day: pl.DataFrame) -> None:
    first = event_features(heart.data, START, START + DAY, SNAPSHOT)
    assert first.height > 0 and first["own_days"].is_null().all() and set(first["user_items"]) == {0.0}
    none = event_features(heart.data, START - DAY, START, SNAPSHOT)
    assert none.height == 0 and none.schema == first.schema == day.schema
