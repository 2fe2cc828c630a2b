from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ops_gpu.candidates.co_occurring import co_occurring
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.histories import Histories
from tests.ops_gpu.candidates.state import State, same_row

STATE = State.make()


def brute_force(row: int, length: int = 100, half_life_days: float = 60.0) -> dict[int, float]:
    histories, item_state = STATE.histories, STATE.item_state
    positive, last = (histories.items.with_values(v)[row] for v in (histories.positive, histories.last))
    liked = [(i, t) for i, t, p in zip(histories.items[row], last, positive, strict=True) if p > 0]
    scores: dict[int, float] = {}
    for item, time in liked[len(liked) - min(length, len(liked)) :]:
        weight = 0.5 ** ((item_state.as_of - time) / DAY / half_life_days)
        near = zip(item_state.neighbours.items[item], item_state.neighbours.similarity[item], strict=True)
        for other, similarity in near:
            if similarity > 0:
                scores[int(other)] = scores.get(int(other), 0) + float(similarity) * weight
    return scores


@pytest.mark.parametrize(("length", "half_life"), [(100, 60.0), (3, 60.0), (100, 2.0)])
def test_scores_are_those_of_brute_force(length: int, half_life: float) -> None:
    found = co_occurring(STATE.item_state, STATE.histories, length, half_life)
    assert found.items.values.dtype == np.int32 and found.score.dtype == np.float32
    score = found.items.with_values(found.score)
    for row in range(len(STATE.users)):
        assert (np.diff(found.items[row]) > 0).all()
        pairs = zip(found.items[row].tolist(), score[row].tolist(), strict=True)
        assert dict(pairs) == pytest.approx(brute_force(row, length, half_life), rel=1e-5)


def test_there_may_be_more_scores_than_there_was_room_for() -> None:
    """Many users at once: the arrays that a kernel fills grow."""
    users = np.tile(np.arange(len(STATE.users)), 300)
    many = co_occurring(STATE.item_state, STATE.histories.take(users))
    one = co_occurring(STATE.item_state, STATE.histories)
    assert len(many.score) > 2 * 4096
    np.testing.assert_array_equal(many.items.values, np.tile(one.items.values, 300))
    np.testing.assert_array_equal(many.score, np.tile(one.score, 300))


@pytest.mark.parametrize("repeats", [False, True])
def test_the_best_available_ones_are_retrieved(repeats: bool) -> None:
    scores = co_occurring(STATE.item_state, STATE.histories)
    found = scores.retrieve(STATE.item_state, STATE.histories, 6, repeats)
    for row in range(len(STATE.users)):
        mine = brute_force(row)
        offered = [i for i in mine if STATE.item_state.available[i] and (repeats or i not in STATE.seen(row))]
        best = sorted(offered, key=lambda i: -mine[i])[:6]
        assert [mine[i] for i in found.items[row]] == pytest.approx([mine[i] for i in best])
        assert set(found.items[row].tolist()) <= set(offered)
    assert found.items.lengths.max() == 6


def test_a_batch_gives_what_single_users_get() -> None:
    scores = co_occurring(STATE.item_state, STATE.histories)
    batch = scores.retrieve(STATE.item_state, STATE.histories, 6, False)
    for row in range(len(STATE.users)):
        single = STATE.single(row)
        alone = co_occurring(STATE.item_state, single)
        same_row(batch, row, alone.retrieve(STATE.item_state, single, 6, False))
        np.testing.assert_array_equal(scores.items.with_values(scores.score)[row], alone.score)


def test_absence_changes_no_order() -> None:
    later = replace(STATE.item_state, as_of=STATE.item_state.as_of + 300 * DAY)
    now, then = (co_occurring(s, STATE.histories) for s in (STATE.item_state, later))
    np.testing.assert_array_equal(now.items.values, then.items.values)
    np.testing.assert_allclose(then.score, now.score * 0.5**5, rtol=1e-5)


def test_users_without_history() -> None:
    nothing = Histories.from_events(STATE.events.before(0), STATE.users)
    scores = co_occurring(STATE.item_state, nothing)
    assert len(scores.score) == 0 and len(scores.items) == len(STATE.users)
    assert scores.retrieve(STATE.item_state, nothing, 5, False).items.lengths.tolist() == [0] * len(STATE.users)
