from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.item_state import ItemState, ItemStateConfig, decayed
from tests.ops_gpu.toys import ITEMS, USERS, events_of, logs, toy_events

CONFIG = ItemStateConfig(half_lives_days=(1.0, 7.0), popular_half_life_days=2.0, neighbours=5)
AVAILABLE = np.arange(ITEMS) >= 3


def arrays(item_state: ItemState) -> dict[str, Any]:
    found = {field.name: getattr(item_state, field.name) for field in fields(item_state)}
    neighbours = found.pop("neighbours")
    return {**found, "near": neighbours.items, "similarity": neighbours.similarity}


def assert_equal(one: ItemState, other: ItemState) -> None:
    for name, value in arrays(one).items():
        np.testing.assert_array_equal(value, arrays(other)[name], err_msg=name)


def test_counts_by_hand() -> None:
    log = [(3, 5, 0, True), (4, 5, 2 * DAY, True), (4, 6, 3 * DAY, False), (5, 5, 4 * DAY, True)]
    found = ItemState.of_counts(events_of(log), 4 * DAY, CONFIG)
    assert found.popularity[:, 5] == pytest.approx([0.5**4 + 0.5**2, 0.5 ** (4 / 7) + 0.5 ** (2 / 7)])
    assert found.popular[5] == pytest.approx(0.5**2 + 0.5**1)
    assert found.total.tolist() == [2.0 if code == 5 else 0.0 for code in range(ITEMS)]
    overall = 3 / 5  # 2 positive events of 3, smoothed by one of two
    rates = {5: (2 + 10 * overall) / 12, 6: 10 * overall / 11, 7: overall}
    assert {code: found.positive_rate[code] for code in rates} == pytest.approx(rates)
    assert found.first_seen[[5, 6, 7]].tolist() == [0, 3 * DAY, 4 * DAY]
    assert found.items == ITEMS and found.as_of == 4 * DAY


@given(logs(), st.integers(0, 13))
def test_the_future_is_not_read(events: Events, as_of: int) -> None:
    known = ItemState.build(events.before(as_of), as_of, AVAILABLE, CONFIG)
    assert_equal(ItemState.build(events, as_of, AVAILABLE, CONFIG), known)


def test_counts_alone_are_those_of_the_whole() -> None:
    whole = ItemState.build(toy_events(), 9 * DAY, AVAILABLE, CONFIG)
    counts = ItemState.of_counts(toy_events(), 9 * DAY, CONFIG)
    same = {"as_of", "popularity", "popular", "total", "positive_rate", "first_seen"}
    for name in same:
        np.testing.assert_array_equal(arrays(whole)[name], arrays(counts)[name])
    assert whole.available.tolist() == AVAILABLE.tolist() and whole.neighbours.items.shape == (ITEMS, 5)
    assert counts.available.all() and counts.neighbours.items.shape == (ITEMS, 0)


def test_before_the_first_event() -> None:
    found = ItemState.build(toy_events(), 0, AVAILABLE, CONFIG)
    assert not found.popularity.any() and not found.total.any() and not found.neighbours.items.any()
    assert found.positive_rate == pytest.approx(0.5) and not found.first_seen.any()


@pytest.mark.parametrize("config", [CONFIG, ItemStateConfig(half_lives_days=(), neighbours=0)], ids=["usual", "least"])
def test_a_saved_state_comes_back(config: ItemStateConfig, tmp_path: Path) -> None:
    item_state = ItemState.build(toy_events(), 9 * DAY, AVAILABLE, config)
    item_state.save(tmp_path / "new" / "snapshot")
    found = ItemState.load(tmp_path / "new" / "snapshot")
    assert_equal(found, item_state)
    assert {name: np.asarray(v).dtype for name, v in arrays(found).items()} == {
        name: np.asarray(v).dtype for name, v in arrays(item_state).items()
    }
    assert found.popularity.shape == (len(config.half_lives_days), ITEMS)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        ItemState.of_counts(toy_events(), DAY, CONFIG).save(tmp_path)


def test_decay_halves() -> None:
    events = events_of([(3, 5, 0, True), (3, 5, 3 * DAY, False)], USERS, ITEMS)
    assert decayed(events, 3 * DAY, 3.0)[5] == 1.5
