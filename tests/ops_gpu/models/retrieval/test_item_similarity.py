from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.interactions.events import Events
from ops_gpu.models.retrieval.item_similarity import item_similarity, liked_counts
from tests.ops_gpu.toys import events_of, everyone, toy_events

EVENTS = toy_events(count=400, users=30, items=60)


def reference(events: Events, neighbours: int) -> npt.NDArray[np.float64]:
    """Scores of all users and items, by dense matrices."""
    liked = events.where(events.positive)
    counts = np.zeros((events.users, events.items))
    np.add.at(counts, (liked.user, liked.item), 1)
    length = counts.sum(axis=0)
    rarity = np.log(events.items) - np.log1p((counts > 0).sum(axis=1))
    relative = 0.25 + 0.75 * length / length.mean()
    weight = counts.T * 2.2 / (1.2 * relative[:, None] + counts.T) * rarity
    norm = np.linalg.norm(weight, axis=1, keepdims=True)
    unit = weight / np.where(norm > 0, norm, 1)
    similarity = unit @ unit.T
    least = np.sort(similarity, axis=1)[:, ::-1][:, min(neighbours, events.items) - 1]
    return counts @ np.where(similarity >= least[:, None], similarity, 0)


def scores_of(events: Events, users: npt.NDArray[np.int64], neighbours: int = 20) -> npt.NDArray[np.float32]:
    return np.asarray((liked_counts(events)[users] @ item_similarity(events, neighbours)).todense(), np.float32)


@pytest.mark.parametrize("neighbours", [5, 1000])
def test_scores_are_those_of_dense_matrices(neighbours: int) -> None:
    users = everyone(EVENTS)
    found = scores_of(EVENTS, users, neighbours)
    assert found.shape == (len(users), EVENTS.items) and found.dtype == np.float32
    np.testing.assert_allclose(found, reference(EVENTS, neighbours)[users], rtol=1e-4, atol=1e-5)


def test_an_item_is_its_own_nearest_one() -> None:
    events = events_of([(3, 5, 0, True), (3, 6, 1, True), (4, 6, 2, True), (4, 7, 3, True), (5, 9, 4, False)])
    scores = scores_of(events, np.array([3, 5]))
    assert set(np.argsort(-scores[0])[:2].tolist()) == {5, 6} and scores[0, 7] > 0
    assert not scores[1].any()


def test_nothing_to_learn_from() -> None:
    assert not scores_of(events_of([]), np.array([3, 4])).any()
