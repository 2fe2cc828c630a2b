from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.candidates import index
from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.candidates.candidates import BITS
from ops_gpu.candidates.popular import popular_order
from ops_gpu.features.ranking_features import feature_names
from ops_gpu.interactions.co_occurrence import Neighbours
from ops_gpu.interactions.events import Events
from ops_gpu.interactions.histories import Histories
from ops_gpu.recommender.candidate_sources import CandidateSources, sources_at
from ops_gpu.recommender.learned_source import DenseSource
from tests.ops_gpu.candidates.state import State
from tests.ops_gpu.heart import CONFIG, CUT, Heart

STATE = State.make()
NAMES = feature_names(4, ("two_tower",))
SOURCES = ("two_tower", "popular", "history", "co_occurrence")
DATA: Any = None  # no source of these looks at features


class Planted(DenseSource):
    """Users have the vectors of `STATE`."""

    def query(self, data: Any, users: npt.NDArray[np.int64], histories: Histories, as_of: int) -> Any:
        return STATE.vectors[np.searchsorted(STATE.users, users)]


def sources(repeats: bool = False, **sizes: int) -> CandidateSources:
    learned = {"two_tower": Planted(DATA, STATE.embeddings, STATE.index)}
    return CandidateSources(STATE.item_state, learned, CandidateConfig({**dict.fromkeys(SOURCES, 0), **sizes}, repeats))


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_alone(name: str) -> None:
    found, features = sources(**{name: 4}, repeats=True).retrieve(DATA, STATE.users, STATE.histories)
    assert 0 < found.items.lengths.max() <= 4 and (found.source == BITS[name]).all()
    for other in SOURCES:
        assert (features[:, NAMES.index(f"from_{other}")] == (other == name)).all()
    assert (features[:, NAMES.index(f"rank_{name}")] > 0).all()


@pytest.mark.parametrize("repeats", [False, True])
def test_only_what_is_on_offer_and_no_seen_items_unless_repeats(repeats: bool) -> None:
    chosen = sources(two_tower=6, popular=6, history=6, co_occurrence=6, repeats=repeats)
    found, _ = chosen.retrieve(DATA, STATE.users, STATE.histories)
    assert STATE.item_state.available[found.items.values].all()
    again = [bool(set(found.items[row].tolist()) & STATE.seen(row)) for row in range(len(STATE.users))]
    assert any(again) == repeats
    assert any(found.source & BITS["history"]) == repeats


def test_a_batch_gives_what_single_users_get() -> None:
    chosen = sources(two_tower=6, popular=6, history=6, co_occurrence=6, repeats=True)
    batch, features = chosen.retrieve(DATA, STATE.users, STATE.histories)
    for row in range(len(STATE.users)):
        found, mine = chosen.retrieve(DATA, STATE.users[row : row + 1], STATE.single(row))
        at = batch.items.row_ids == row
        np.testing.assert_array_equal(batch.items[row], found.items[0])
        np.testing.assert_array_equal(batch.source[at], found.source)
        np.testing.assert_array_equal(batch.rank[at], found.rank)
        np.testing.assert_array_equal(features[at], mine)


def test_similarity_is_a_feature_of_every_candidate() -> None:
    found, features = sources(popular=5).retrieve(DATA, STATE.users, STATE.histories)
    expected = (STATE.vectors @ STATE.embeddings.T)[found.items.row_ids, found.items.values]
    np.testing.assert_array_equal(features[:, NAMES.index("two_tower")], expected)


def test_a_user_without_history_gets_what_needs_none() -> None:
    chosen = sources(two_tower=4, popular=4, history=4, co_occurrence=4, repeats=True)
    found, features = chosen.retrieve(DATA, STATE.users, STATE.histories)
    row = len(STATE.users) - 1
    assert not STATE.seen(row) and np.isfinite(features).all()
    mine = found.source[found.items.row_ids == row]
    assert np.bitwise_or.reduce(mine) == BITS["two_tower"] | BITS["popular"]
    assert set(popular_order(STATE.item_state)[:4].tolist()) <= set(found.items[row].tolist())


def test_all_sources_off_and_nobody() -> None:
    found, features = sources().retrieve(DATA, STATE.users, STATE.histories)
    assert found.items.lengths.tolist() == [0] * len(STATE.users) and features.shape == (0, len(NAMES))
    nobody = Histories.from_events(STATE.events, np.empty(0, np.int64))
    found, features = sources(two_tower=3, popular=3, co_occurrence=3).retrieve(DATA, STATE.users[:0], nobody)
    assert len(found.items) == 0 and features.shape == (0, len(NAMES))


@pytest.mark.parametrize(("live", "kind"), [(False, "flat"), (True, "hnsw")])
def test_a_past_moment_is_searched_exactly_and_what_is_released_by_a_graph(
    heart: Heart, monkeypatch: pytest.MonkeyPatch, live: bool, kind: str
) -> None:
    monkeypatch.setattr(index, "EXACT_UP_TO", 5)
    found = sources_at(heart.data, heart.fit.models, CUT, CONFIG.candidates, live)
    assert {name: source.index.kind for name, source in found.learned.items()} == {"two_tower": kind}


def test_neighbours_that_are_there_are_not_looked_for(heart: Heart) -> None:
    wanted = sources_at(heart.data, {}, CUT, CONFIG.candidates).item_state.neighbours
    asked: list[tuple[int, int, int]] = []

    def there(events: Events, size: int, history: int) -> Neighbours:
        asked.append((len(events), size, history))
        return wanted

    found = sources_at(heart.data, {}, CUT, CONFIG.candidates, similar=there).item_state
    assert found.neighbours is wanted and found.neighbours.similarity.any()
    snapshot = CONFIG.candidates.snapshot
    assert asked == [(len(heart.data.events.before(CUT)), snapshot.neighbours, snapshot.co_occurrence_history)]
