from __future__ import annotations

import numpy as np
import pytest

from ops_gpu.interactions.co_occurrence import Neighbours
from ops_gpu.interactions.events import Events
from tests.ops_gpu.toys import events_of, everyone, rows_of, toy_events


def likers(events: Events, history: int) -> dict[int, set[int]]:
    """Users who liked each item, by the last `history` distinct items that each of them liked."""
    found: dict[int, set[int]] = {}
    for user in everyone(events).tolist():
        last = {item: time for who, item, time, positive in rows_of(events) if who == user and positive}
        for item in sorted(last, key=lambda item: (last[item], item))[-history:]:
            found.setdefault(item, set()).add(user)
    return {item: users for item, users in found.items() if len(users) > 1}


def brute_force(events: Events, history: int, shrinkage: float) -> dict[int, dict[int, float]]:
    """Similarity of every pair of items that a user liked both of."""
    liked = likers(events, history)
    return {
        item: {
            other: len(users & others) / ((len(users) * len(others)) ** 0.5 + shrinkage)
            for other, others in liked.items()
            if other != item and users & others
        }
        for item, users in liked.items()
    }


@pytest.mark.parametrize("history", [200, 4])
def test_similarities_are_those_of_brute_force(history: int) -> None:
    events = toy_events(count=120, users=20)
    found, expected = Neighbours.fit(events, 50, history), brute_force(events, history, 2.0)
    assert found.items.dtype == np.int32 and found.similarity.dtype == np.float32
    for item in range(events.items):
        near = found.similarity[item] > 0
        pairs = dict(zip(found.items[item][near].tolist(), found.similarity[item][near].tolist(), strict=True))
        assert pairs == pytest.approx(expected.get(item, {}))
        assert not found.items[item][~near].any()


def test_the_best_are_kept_in_falling_order() -> None:
    events = toy_events(count=120, users=20)
    every, few = Neighbours.fit(events, 50), Neighbours.fit(events, 3)
    assert few.items.shape == (events.items, 3)
    np.testing.assert_array_equal(few.similarity, every.similarity[:, :3])
    assert (np.diff(every.similarity, axis=1) <= 0).all()
    assert 0 < every.similarity.max() <= 1 + 1e-6


def test_only_positive_events_and_more_than_one_user_count() -> None:
    pair = [(3, 5, 0, True), (3, 6, 1, True), (4, 5, 2, True), (4, 6, 3, True)]
    other = [(3, 7, 4, True), (4, 8, 5, True), (4, 7, 6, False)]
    found = Neighbours.fit(events_of(pair + other), shrinkage=0.0)
    assert found.items[5, 0] == 6 and found.items[6, 0] == 5
    assert found.similarity[5, 0] == pytest.approx(1)
    assert not found.items[[7, 8]].any()


@pytest.mark.parametrize("size", [0, 4])
def test_nothing_to_learn_from(size: int) -> None:
    found = Neighbours.fit(events_of([]), size)
    assert found.items.shape == (24, size) and not found.items.any() and not found.similarity.any()
    assert Neighbours.fit(toy_events(), size).items.shape == (24, size)
