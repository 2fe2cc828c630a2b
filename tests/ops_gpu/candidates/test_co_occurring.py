from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ops_gpu.candidates import co_occurring
from ops_gpu.candidates.co_occurring import CoOccurrenceScores, lookup
from ops_gpu.events import DAY
from ops_gpu.history import Histories
from tests.ops_gpu.candidates.state import State, same_row

STATE = State.make()


def brute_force(row: int, length: int = 100, half_life_days: float = 60.0) -> dict[int, float]:
    histories, snapshot = STATE.histories, STATE.snapshot
    positive, last = (histories.items.with_values(v)[row] for v in (histories.positive, histories.last))
    liked = [(i, t) for i, t, p in zip(histories.items[row], last, positive, strict=True) if p > 0]
    scores: dict[int, float] = {}
    for item, time in liked[len(liked) - min(length, len(liked)) :]:
        weight = 0.5 ** ((snapshot.as_of - time) / DAY / half_life_days)
        near = zip(snapshot.neighbours.items[item], snapshot.neighbours.similarity[item], strict=True)
        for other, similarity in near:
            if similarity > 0:
                scores[int(other)] = scores.get(int(other), 0) + float(similarity) * weight
    return scores


@pytest.mark.parametrize(("length", "half_life"), [(100, 60.0), (3, 60.0), (100, 2.0)])
def test_scores_are_those_of_brute_force(length: int, half_life: float) -> None:
    found = CoOccurrenceScores.compute(STATE.snapshot, STATE.histories, length, half_life)
    assert (np.diff(found.key) > 0).all() and found.score.dtype == np.float32
    for row in range(len(STATE.users)):
        mine = found.key // found.items == row
        pairs = zip((found.key % found.items)[mine].tolist(), found.score[mine].tolist(), strict=True)
        assert dict(pairs) == pytest.approx(brute_force(row, length, half_life), rel=1e-5)


def test_adding_up_by_cell_and_by_sorting_agree_to_the_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    by_cell = CoOccurrenceScores.compute(STATE.snapshot, STATE.histories)
    monkeypatch.setattr(co_occurring, "DENSE", 0)
    by_sorting = CoOccurrenceScores.compute(STATE.snapshot, STATE.histories)
    np.testing.assert_array_equal(by_cell.key, by_sorting.key)
    np.testing.assert_array_equal(by_cell.score, by_sorting.score)


@pytest.mark.parametrize("repeats", [False, True])
def test_the_best_available_ones_are_retrieved(repeats: bool) -> None:
    scores = CoOccurrenceScores.compute(STATE.snapshot, STATE.histories)
    found = scores.retrieve(STATE.snapshot, STATE.histories, 6, repeats)
    for row in range(len(STATE.users)):
        mine = brute_force(row)
        offered = [i for i in mine if STATE.snapshot.available[i] and (repeats or i not in STATE.seen(row))]
        best = sorted(offered, key=lambda i: -mine[i])[:6]
        assert [mine[i] for i in found.items[row]] == pytest.approx([mine[i] for i in best])
        assert set(found.items[row].tolist()) <= set(offered)
    assert found.items.lengths.max() == 6


def test_a_batch_gives_what_single_users_get() -> None:
    scores = CoOccurrenceScores.compute(STATE.snapshot, STATE.histories)
    batch = scores.retrieve(STATE.snapshot, STATE.histories, 6, False)
    for row in range(len(STATE.users)):
        single = STATE.single(row)
        alone = CoOccurrenceScores.compute(STATE.snapshot, single)
        same_row(batch, row, alone.retrieve(STATE.snapshot, single, 6, False))
        np.testing.assert_array_equal(scores.score[scores.key // scores.items == row], alone.score)


def test_absence_changes_no_order() -> None:
    later = replace(STATE.snapshot, as_of=STATE.snapshot.as_of + 300 * DAY)
    now, then = (CoOccurrenceScores.compute(s, STATE.histories) for s in (STATE.snapshot, later))
    np.testing.assert_array_equal(now.key, then.key)
    np.testing.assert_allclose(then.score, now.score * 0.5**5, rtol=1e-5)


def test_scores_of_pairs() -> None:
    scores = CoOccurrenceScores.compute(STATE.snapshot, STATE.histories)
    mine = brute_force(2)
    item = np.arange(STATE.snapshot.items, dtype=np.int32)
    expected = [mine.get(code, 0.0) for code in item.tolist()]
    assert scores.of(np.full(len(item), 2), item).tolist() == pytest.approx(expected, rel=1e-5)


def test_users_without_history() -> None:
    nothing = Histories.from_events(STATE.events.before(0), STATE.users)
    scores = CoOccurrenceScores.compute(STATE.snapshot, nothing)
    assert len(scores.key) == 0 and scores.of(np.array([0, 1]), np.array([3, 4], np.int32)).tolist() == [0, 0]
    assert scores.retrieve(STATE.snapshot, nothing, 5, False).items.lengths.tolist() == [0] * len(STATE.users)


def test_lookup() -> None:
    keys, values = np.array([2, 5, 9]), np.array([1, 2, 3], np.float32)
    assert lookup(keys, values, np.array([9, 0, 5, 6, 99])).tolist() == [3, 0, 2, 0, 0]
    assert lookup(keys[:0], values[:0], np.array([1])).tolist() == [0]
