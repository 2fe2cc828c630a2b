from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.evaluation.baselines import baseline_lists
from ops_gpu.interactions import histories
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.item_state import ItemState, ItemStateConfig, decayed
from ops_gpu.models.retrieval.item_similarity import item_similarity, liked_counts
from tests.ops_gpu.toys import events_of, everyone, rows_of, toy_events

AS_OF, ITEMS = 40 * DAY, 60
EVENTS = toy_events(count=500, days=50, users=14, items=ITEMS)
USERS = everyone(EVENTS)
AVAILABLE = (np.arange(ITEMS) >= 3) & (np.arange(ITEMS) != 7)
SNAPSHOT = ItemState.build(EVENTS, AS_OF, AVAILABLE, ItemStateConfig())


def seen(user: int) -> set[int]:
    return {row[1] for row in rows_of(EVENTS.before(AS_OF)) if row[0] == user}


def popularity(days: int | None) -> npt.NDArray[np.int64]:
    start = 0 if days is None else AS_OF - days * DAY
    past = [row for row in rows_of(EVENTS) if start <= row[2] < AS_OF and row[3]]
    return np.bincount([row[1] for row in past], minlength=ITEMS)


def expected(user: int, scores: npt.NDArray[np.float64], k: int, repeats: bool) -> list[int]:
    """Items on offer by score, then by 28-day popularity, all-time popularity and code."""
    month, ever = popularity(28), popularity(None)
    offered = [c for c in range(ITEMS) if AVAILABLE[c] and (repeats or c not in seen(user))]
    best = sorted(offered, key=lambda c: (-scores[c], -month[c], -ever[c], c))[:k]
    return best + [0] * (k - len(best))


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("k", [1, 10, 70])
def test_popularity_by_window(k: int, repeats: bool) -> None:
    found = baseline_lists(EVENTS, SNAPSHOT, USERS, k, repeats, 7.0)
    liked = EVENTS.before(AS_OF).where(EVENTS.before(AS_OF).positive)
    scores = {
        "popularity": popularity(None).astype(np.float64),
        "popularity_28d": popularity(28).astype(np.float64),
        "popularity_7d": popularity(7).astype(np.float64),
        "popularity_decayed": decayed(liked, AS_OF, 7.0).astype(np.float64),
    }
    for name, score in scores.items():
        assert found[name].shape == (len(USERS), k) and found[name].dtype == np.int32
        for user, row in zip(USERS.tolist(), found[name].tolist(), strict=True):
            assert row == expected(user, score, k, repeats), name


@pytest.mark.parametrize("repeats", [False, True])
def test_item_knn_ranks_what_is_on_offer_by_similarity(repeats: bool) -> None:
    found = baseline_lists(EVENTS, SNAPSHOT, USERS, 10, repeats, 7.0)["item_knn"]
    past = EVENTS.before(AS_OF)
    scores = np.asarray((liked_counts(past)[USERS] @ item_similarity(past)).todense())
    for row, user in enumerate(USERS.tolist()):
        offered = [c for c in range(ITEMS) if AVAILABLE[c] and (repeats or c not in seen(user))]
        best = sorted((scores[row, c] for c in offered), reverse=True)[:10]
        assert scores[row, found[row]] == pytest.approx(best, abs=1e-5)
        assert set(found[row].tolist()) <= set(offered)


def test_own_purchases_come_first_where_repeats_are_welcome() -> None:
    found = baseline_lists(EVENTS, SNAPSHOT, USERS, 5, True, 7.0)["own_purchases"]
    for user, row in zip(USERS.tolist(), found.tolist(), strict=True):
        mine = [r[1] for r in rows_of(EVENTS.before(AS_OF)) if r[0] == user and r[3] and AVAILABLE[r[1]]]
        counts = np.bincount(mine, minlength=ITEMS)
        assert [counts[c] for c in row] == sorted(counts.tolist(), reverse=True)[:5]
        if not mine:
            assert row == expected(user, popularity(28).astype(np.float64), 5, True)
    assert "own_purchases" not in baseline_lists(EVENTS, SNAPSHOT, USERS, 5, False, 7.0)


@pytest.mark.parametrize("repeats", [False, True])
def test_a_batch_gives_what_single_users_get(repeats: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = baseline_lists(EVENTS, SNAPSHOT, USERS, 8, repeats, 7.0)
    monkeypatch.setattr(histories, "EVENTS_AT_ONCE", 1)
    monkeypatch.setattr(histories, "USERS_AT_ONCE", 1)  # a block a user
    single = baseline_lists(EVENTS, SNAPSHOT, USERS, 8, repeats, 7.0)
    assert batch.keys() == single.keys()
    for name, lists in batch.items():
        np.testing.assert_array_equal(lists, single[name], err_msg=name)


def test_the_future_is_not_looked_at() -> None:
    known = baseline_lists(EVENTS.before(AS_OF), SNAPSHOT, USERS, 8, False, 7.0)
    for name, lists in baseline_lists(EVENTS, SNAPSHOT, USERS, 8, False, 7.0).items():
        np.testing.assert_array_equal(lists, known[name], err_msg=name)


def test_items_of_equal_count_are_told_apart_by_the_last_month() -> None:
    """However small the difference is beside what is most popular now: single precision would not see it."""
    old = [(3, item, 0, True) for item in (10, 11) for _ in range(500)]
    month = [(4, 11, 30 * DAY, True), (4, 11, 31 * DAY, True), (4, 10, 30 * DAY, True), (4, 10, 1, True)]
    hit = [(4, 12, 39 * DAY, True)] * 400
    events = events_of([*old, *month, *hit])
    item_state = ItemState.build(events, AS_OF, np.arange(24) >= 3, ItemStateConfig())
    found = baseline_lists(events, item_state, np.array([5]), 3, False, 7.0)
    assert found["popularity"].tolist() == [[11, 10, 12]]
