from __future__ import annotations

from math import log, log1p

import numpy as np
import pytest

from ops_gpu.candidates.candidates import Candidates, SourceList
from ops_gpu.candidates.co_occurring import co_occurring
from ops_gpu.candidates.related_items import RelatedItems
from ops_gpu.features.ranking_features import ItemFeatures, feature_names, inner_products, ranking_features
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState, ItemStateConfig
from ops_gpu.primitives.ragged import Ragged
from tests.ops_gpu.candidates.state import State
from tests.ops_gpu.toys import events_of

NAMES = feature_names(1, ("two_tower",))
LOG = [
    (3, 5, 0, True),
    (3, 5, 2 * DAY, True),
    (3, 6, 3 * DAY, False),
    (4, 5, 4 * DAY, True),
    (4, 7, 4 * DAY, True),
]
AS_OF = 5 * DAY
CONFIG = ItemStateConfig(half_lives_days=(1.0,))


def candidates(rows: list[list[int]]) -> Candidates:
    items = Ragged.from_lists(rows, np.int32)
    return Candidates.union({"popular": SourceList(items, np.zeros(len(items.values), np.float32))}, len(rows))


def by_hand() -> dict[str, float]:
    """Features of item 5 for user 3, who chose it twice, of three choices."""
    popularity = 0.5**5 + 0.5**3 + 0.5
    everything = popularity + 0.5
    return {
        "positive_rate": (3 + 10 * 5 / 7) / 13,
        "item_age": log1p(5),
        "total": log1p(3),
        "popularity_0": log1p(popularity),
        "popularity_share_0": log(popularity / (everything + 1) + 1e-6),
        "user_items": log1p(2),
        "user_events": log1p(3),
        "user_recency": log1p(2),
        "user_popularity": (log1p(3) + log1p(0)) / 2,
        "user_item_age": (log1p(2) + log1p(0)) / 2,
        "own_count": log1p(2),
        "own_recency": log(1 / 4 + 1e-3),
        "own_share": 2 / 3,
        "co_occurrence": log1p(0.5),
        "co_occurrence_relative": 0.25,
        "two_tower": 0.7,
        "rank_popular": 1.0,
        "from_popular": 1.0,
    }


def test_values_by_hand() -> None:
    events = events_of(LOG)
    item_state = ItemState.of_counts(events, AS_OF, CONFIG)
    scores = RelatedItems(Ragged.from_lists([[5, 7]], np.int32), np.array([0.5, 2.0], np.float32))
    histories = Histories.from_events(events, np.array([3]))
    similarity = np.array([[0.7], [0.1]], np.float32)
    item_features = ItemFeatures.of(item_state)
    found = ranking_features(item_state, item_features, histories, candidates([[5, 7]]), scores, similarity)
    assert found.shape == (2, len(NAMES)) and found.dtype == np.float32
    expected = {name: by_hand().get(name, 0.0) for name in NAMES}
    assert dict(zip(NAMES, found[0].tolist(), strict=True)) == pytest.approx(expected, rel=1e-5)
    other = dict(zip(NAMES, found[1].tolist(), strict=True))
    assert (other["own_count"], other["own_share"], other["co_occurrence_relative"]) == (0, 0, 1)
    assert other["own_recency"] == pytest.approx(log(1e-3)) and other["rank_popular"] == 0.5


@pytest.mark.parametrize("half_lives", [0, 1, 4])
def test_there_is_a_name_for_every_column(half_lives: int) -> None:
    config = ItemStateConfig(half_lives_days=tuple(range(1, half_lives + 1)))
    item_state = ItemState.build(STATE.events, AS_OF, STATE.item_state.available, config)
    items = ItemFeatures.of(item_state)
    scores = co_occurring(item_state, STATE.histories)
    rows = [[3 + row] for row in range(len(STATE.users))]
    found = ranking_features(
        item_state, items, STATE.histories, candidates(rows), scores, np.zeros((len(rows), 1), np.float32)
    )
    names = feature_names(half_lives, ("two_tower",))
    assert found.shape == (len(rows), len(names)) and len(set(names)) == len(names)
    assert items.names == names[: len(items.names)] and items.values.shape == (item_state.items, len(items.names))


STATE = State.make()


def test_a_batch_gives_what_single_users_get() -> None:
    random = np.random.default_rng(0)
    rows = [sorted(random.choice(np.arange(3, 40), size, replace=False)) for size in random.integers(0, 9, 10)]
    rows += [[]] * (len(STATE.users) - len(rows))
    items, found = ItemFeatures.of(STATE.item_state), candidates(rows)
    similarity = random.normal(size=(len(found.items.values), 1)).astype(np.float32)
    scores = co_occurring(STATE.item_state, STATE.histories)
    batch = ranking_features(STATE.item_state, items, STATE.histories, found, scores, similarity)
    for row in range(len(rows)):
        at, mine = found.items.row_ids == row, STATE.single(row)
        alone = candidates(rows[row : row + 1])
        single = ranking_features(
            STATE.item_state, items, mine, alone, co_occurring(STATE.item_state, mine), similarity[at]
        )
        np.testing.assert_array_equal(batch[at], single)


def test_users_without_history_and_items_without_events() -> None:
    nothing = Histories.from_events(STATE.events.before(0), STATE.users)
    cold = STATE.item_state.items - 1
    assert STATE.item_state.total[cold] == 0
    found = ranking_features(
        STATE.item_state,
        ItemFeatures.of(STATE.item_state),
        nothing,
        candidates([[cold]] * len(STATE.users)),
        co_occurring(STATE.item_state, nothing),
        np.zeros((len(STATE.users), 1), np.float32),
    )
    assert np.isfinite(found).all()
    names = feature_names(4, ("two_tower",))
    assert not found[:, [names.index(n) for n in ("user_items", "user_recency", "own_count", "item_age")]].any()


def test_vectors_of_other_items_or_of_another_width_are_refused() -> None:
    users, items = np.ones((2, 4), np.float32), np.ones((9, 4), np.float32)
    lists = Ragged.from_lists([[3, 8], [4]], np.int32)
    assert inner_products(np.asfortranarray(users), items, lists).tolist() == [4, 4, 4]
    with pytest.raises(ValueError, match=r"expected vectors \(2, 4\) of users, got \(2, 3\)"):
        inner_products(users[:, :3], items, lists)
    with pytest.raises(IndexError, match="expected item codes from 0 to 7, got 3 to 8"):
        inner_products(users, items[:8], lists)
