from __future__ import annotations

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.evaluation.metrics import ListMetrics
from ops_gpu.primitives.ragged import Ragged

LISTS = np.array([[7, 3, 9, 4], [3, 4, 5, 6], [8, 0, 0, 0], [9, 8, 7, 6]], np.int32)
POSITIVES = Ragged.from_lists([[3, 4, 11], [9], [8], [6, 7, 8, 9, 10]], np.int32)


def test_values_by_hand() -> None:
    found = ListMetrics.of(LISTS, POSITIVES, 3)
    second, third = 1 / log2(3), 1 / log2(4)
    ideal = 1 + second + third
    assert found.k == 3
    assert found.recall.tolist() == pytest.approx([1 / 3, 0, 1, 1])
    assert found.ndcg.tolist() == pytest.approx([second / ideal, 0, 1, 1])
    assert found.hit.tolist() == [1, 0, 1, 1]
    assert found.mrr.tolist() == [0.5, 0, 1, 1]


def test_summary_by_hand() -> None:
    found = ListMetrics.of(LISTS, POSITIVES, 3).summary()
    assert found["users"] == 4 and found["recall@3"] == pytest.approx((1 / 3 + 2) / 4)
    assert found["hit@3_se"] == pytest.approx(np.std([1, 0, 1, 1], ddof=1) / 2)
    assert set(found) == {"users", *(f"{m}@3{end}" for m in ("recall", "ndcg", "hit", "mrr") for end in ("", "_se"))}


def test_summaries_of_one_user_and_of_none() -> None:
    one = ListMetrics.of(LISTS[:1], POSITIVES.take(np.array([0])), 2).summary()
    assert one["recall@2"] == 0.5 and one["recall@2_se"] == 0
    none = ListMetrics.of(LISTS[:0], POSITIVES.take(np.empty(0, np.int64)), 2).summary()
    assert none["users"] == 0 and none["recall@2"] == 0 and none["recall@2_se"] == 0


@given(st.lists(st.sets(st.integers(1, 12), min_size=1), min_size=1, max_size=6), st.integers(1, 8), st.randoms())
def test_recall_is_hits_over_what_fits_the_list(chosen: list[set[int]], k: int, random: np.random.Generator) -> None:
    lists = [random.sample(range(1, 13), k) for _ in chosen]  # type: ignore[attr-defined]
    found = ListMetrics.of(np.array(lists), Ragged.from_lists([list(c) for c in chosen], np.int32), k)
    expected = [len(c & set(items)) / min(k, len(c)) for c, items in zip(chosen, lists, strict=True)]
    assert found.recall.tolist() == pytest.approx(expected)
    assert found.hit.tolist() == [float(value > 0) for value in expected]
    places = [[item in c for item in items] for c, items in zip(chosen, lists, strict=True)]
    assert found.mrr.tolist() == pytest.approx([1 / (1 + hit.index(True)) if any(hit) else 0.0 for hit in places])
    for values in (found.ndcg, found.mrr):
        assert ((values > 0) == (found.recall > 0)).all() and (values <= 1 + 1e-12).all()


@given(st.lists(st.sets(st.integers(1, 12), min_size=1), min_size=1, max_size=6), st.integers(1, 8))
def test_a_perfect_list_reaches_one(chosen: list[set[int]], k: int) -> None:
    positives = Ragged.from_lists([sorted(c) for c in chosen], np.int32)
    found = ListMetrics.of(positives.to_dense(max(k, 12), 0), positives, k)
    for values in (found.recall, found.ndcg, found.hit, found.mrr):
        assert values == pytest.approx(np.ones(len(chosen)))


def test_lists_shorter_than_k_and_padding_never_hit() -> None:
    positives = Ragged.from_lists([[0, 5], [4]], np.int32)
    found = ListMetrics.of(np.array([[0, 0], [3, 4]]), positives, 10)
    assert found.recall.tolist() == [0, 1] and found.mrr.tolist() == [0, 0.5]


def test_users_without_positives_are_refused() -> None:
    with pytest.raises(ValueError, match="got 4 lists and 4 users, 1 of them without a positive"):
        ListMetrics.of(LISTS, Ragged.from_lists([[1], [], [2], [3]], np.int32), 3)


def test_other_users_are_refused() -> None:
    with pytest.raises(ValueError, match="got 3 lists and 4 users"):
        ListMetrics.of(LISTS[:3], POSITIVES, 3)
