from __future__ import annotations

import numpy as np
import pytest

from ops_gpu.candidates import nearest
from ops_gpu.candidates.nearest import retrieve_nearest
from ops_gpu.events import Events
from ops_gpu.history import Histories
from ops_gpu.index import ItemIndex
from tests.ops_gpu.candidates.state import State, same_row

STATE = State.make()
ITEMS = STATE.snapshot.items


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_the_nearest_on_offer(size: int, repeats: bool) -> None:
    found = retrieve_nearest(STATE.index, STATE.vectors, STATE.histories, size, repeats)
    scores = STATE.vectors @ STATE.embeddings.T
    for row in range(len(STATE.users)):
        offered = [i for i in np.flatnonzero(STATE.snapshot.available) if repeats or i not in STATE.seen(row)]
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
    monkeypatch.setattr("ops_gpu.index.EF_SEARCH", 1)  # it misses some of 3,000, as it does of millions
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
        least = np.sort(scores[row, STATE.snapshot.available])[::-1][depth - 1]
        assert (scores[row, found.items[row]] >= least).all()


def test_a_tie_across_the_last_place_is_settled_by_code() -> None:
    alike = STATE.embeddings.copy()
    offered = np.flatnonzero(STATE.snapshot.available)
    alike[offered] = alike[offered[0]]  # cold items of equal features have one and the same vector
    index = ItemIndex.build(alike, STATE.snapshot.available)
    size = len(offered) // nearest.SPARE
    found = retrieve_nearest(index, STATE.vectors, STATE.histories, size, True)
    for row in range(len(STATE.users)):
        assert found.items[row].tolist() == offered[:size].tolist()


def test_nobody() -> None:
    nobody = Histories.from_events(STATE.events, np.empty(0, np.int64))
    for repeats in (False, True):
        found = retrieve_nearest(STATE.index, STATE.vectors[:0], nobody, 3, repeats)
        assert len(found.items) == 0 and found.score.dtype == np.float32
