from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.candidates import nearest
from ops_gpu.candidates.index import ItemIndex
from ops_gpu.candidates.nearest import retrieve_nearest
from ops_gpu.interactions.events import Events
from ops_gpu.interactions.histories import Histories
from ops_gpu.primitives.tie_order import tie_order
from tests.ops_gpu.candidates.state import State, same_row

STATE = State.make()
ITEMS = STATE.item_state.items


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_the_nearest_on_offer(size: int, repeats: bool) -> None:
    found = retrieve_nearest(STATE.index, STATE.vectors, STATE.histories, size, repeats)
    scores = STATE.vectors @ STATE.embeddings.T
    for row in range(len(STATE.users)):
        offered = [i for i in np.flatnonzero(STATE.item_state.available) if repeats or i not in STATE.seen(row)]
        best = sorted((float(scores[row, i]) for i in offered), reverse=True)[:size]
        assert found.items.with_values(found.score)[row].tolist() == best
        assert scores[row, found.items[row]].tolist() == best
        assert set(found.items[row].tolist()) <= set(offered)


def test_a_batch_gives_what_single_users_get() -> None:
    batch = retrieve_nearest(STATE.index, STATE.vectors, STATE.histories, 5, False)
    for row in range(len(STATE.users)):
        alone = retrieve_nearest(STATE.index, STATE.vectors[row : row + 1], STATE.single(row), 5, False)
        same_row(batch, row, alone)


def test_a_heavy_user_changes_nobody_elses_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """HNSW finds more of the nearest the more neighbours are asked for."""
    monkeypatch.setattr("ops_gpu.candidates.index.EF_SEARCH", 1)  # it misses some of 3,000, as it does of millions
    random = np.random.default_rng(0)
    items, size = 3000, 20
    vectors = random.normal(size=(items, 32)).astype(np.float32)
    index = ItemIndex.build(vectors, np.ones(items, np.bool_), "hnsw")
    item = np.arange(3, 1500, dtype=np.int32)
    events = Events.sorted(np.full(len(item), 3, np.int32), item, item.astype(np.int64), item > 0, 40, items)
    users, queries = np.arange(3, 40), random.normal(size=(37, 32)).astype(np.float32)
    batch = retrieve_nearest(index, queries, Histories.from_events(events, users), size, False)
    for row in range(len(users)):
        mine = Histories.from_events(events, users[row : row + 1])
        alone = retrieve_nearest(index, queries[row : row + 1], mine, size, False)
        np.testing.assert_array_equal(batch.items[row], alone.items[0])


def test_a_search_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MOST_EXTRA", 2)
    found = retrieve_nearest(STATE.index, STATE.vectors, STATE.histories, 3, False)
    scores = STATE.vectors @ STATE.embeddings.T
    for row in range(len(STATE.users)):
        assert not set(found.items[row].tolist()) & STATE.seen(row)
        depth = nearest.SPARE * 3 + min(2, len(STATE.seen(row)))
        least = np.sort(scores[row, STATE.item_state.available])[::-1][depth - 1]
        assert (scores[row, found.items[row]] >= least).all()


def test_a_tie_across_the_last_place_is_settled() -> None:
    alike = STATE.embeddings.copy()
    offered = np.flatnonzero(STATE.item_state.available)
    alike[offered] = alike[offered[0]]  # cold items of equal features have one and the same vector
    index = ItemIndex.build(alike, STATE.item_state.available)
    size, order = len(offered) // nearest.SPARE, offered[np.argsort(tie_order(offered))]
    found = retrieve_nearest(index, STATE.vectors, STATE.histories, size, True)
    for row in range(len(STATE.users)):
        assert found.items[row].tolist() == order[:size].tolist()


class Depths:
    """An index that remembers how deep it was searched, and for how many."""

    def __init__(self, index: ItemIndex) -> None:
        self.index, self.asked = index, list[tuple[int, int]]()

    def search(self, queries: Any, size: int) -> Any:
        self.asked.append((len(queries), size))
        return self.index.search(queries, size)


def line(items: int, seen: list[list[int]]) -> tuple[ItemIndex, npt.NDArray[np.float32], Histories]:
    """Item 0 is the nearest of all users, then 1, 2, ...; and what each of them has seen."""
    angle = np.linspace(0, 1, items)
    index = ItemIndex.build(np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32), np.ones(items, np.bool_))
    user = np.repeat(np.arange(len(seen), dtype=np.int32), [len(items) for items in seen])
    item = np.concatenate(seen).astype(np.int32)
    events = Events.sorted(user, item, np.arange(len(item)), np.ones(len(item), np.bool_), len(seen), items)
    queries = np.tile(np.array([[1, 0]], np.float32), (len(seen), 1))
    return index, queries, Histories.from_events(events, np.arange(len(seen)))


def test_only_who_has_seen_too_much_is_searched_for_again() -> None:
    seen = [[], [0, 2, 4], list(range(15)), list(range(18)), list(range(100, 160)), list(range(40))]
    index, queries, histories = line(200, seen)
    spy: Any = Depths(index)
    found = retrieve_nearest(spy, queries, histories, 10, False)
    assert spy.asked == [(6, 20), (1, 20 + 16), (1, 20 + 32), (1, 20 + 64)]
    for row, mine in enumerate(seen):
        assert found.items[row].tolist() == [item for item in range(200) if item not in mine][:10]
        np.testing.assert_allclose(found.items.with_values(found.score)[row], np.cos(found.items[row] / 199), atol=1e-6)


@pytest.mark.parametrize("apart", [0.0, 1e-7, 1e-6])
@pytest.mark.parametrize("known", [True, False])
def test_a_tie_with_what_was_not_reached_is_settled_by_a_deeper_search(apart: float, known: bool) -> None:
    """Twenty are found at first: nine seen ones are passed over, and the last of ten may tie with the next."""
    vectors = np.full((60, 4), 0.5, np.float32)
    vectors[:9] *= 1.5
    vectors[34:] *= 0.9
    vectors[9:34, 0] -= np.float32(apart) * np.arange(25, dtype=np.float32)  # distinct, the first the best
    index = ItemIndex.build(vectors, np.ones(60, np.bool_))
    seen = np.arange(9 if known else 0, dtype=np.int32)
    events = Events.sorted(np.zeros(len(seen), np.int32), seen, seen.astype(np.int64), seen >= 0, 1, 60)
    spy: Any = Depths(index)
    found = retrieve_nearest(
        spy, np.full((1, 4), 0.5, np.float32), Histories.from_events(events, np.arange(1)), 10, False
    )
    assert spy.asked == ([(1, 20), (1, 36)] if known else [(1, 20)])  # who has seen nothing is searched for as deep
    tied = np.arange(9, 34)
    best = tied if apart else tied[np.argsort(tie_order(tied))]
    wanted = sorted(best[:10].tolist()) if known else [*range(9), best[0]]
    assert sorted(found.items[0].tolist()) == wanted


def test_an_index_that_holds_no_more_is_searched_once() -> None:
    index, queries, histories = line(15, [list(range(12))])
    spy: Any = Depths(index)
    assert retrieve_nearest(spy, queries, histories, 10, False).items[0].tolist() == [12, 13, 14]
    assert spy.asked == [(1, 20)]


def test_nobody() -> None:
    nobody = Histories.from_events(STATE.events, np.empty(0, np.int64))
    for repeats in (False, True):
        found = retrieve_nearest(STATE.index, STATE.vectors[:0], nobody, 3, repeats)
        assert len(found.items) == 0 and found.score.dtype == np.float32
