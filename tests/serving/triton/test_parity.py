"""One answer, whoever gives it: the library's models, the ensemble in this process, and both its forms in Triton."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ops_gpu.recommender.two_stage import recommend
from serving.client.client import RecommenderClient
from serving.ensemble.ensemble import FILE, Ensemble
from serving.ensemble.ensemble_plan import EnsemblePlan
from serving.request.id_encoding import encode_ids
from serving.triton.deployment.smoke_test import request_for
from serving.triton.repository.export import export
from tests.serving.triton.fake_backend import FakeTriton, install
from tests.serving.whole_release import Whole

USERS, K = [f"u{number}" for number in range(1000)], 10
BATCHES = (1, 1, 2, 7, 64, 300, 625)
"""How many users are asked for at once, until all have been."""

Lists = list[tuple[list[int], list[float]]]
"""Items and scores of each user."""


@pytest.fixture(scope="module")
def offline(edge: Whole) -> Lists:
    parts = edge.parts
    codes = parts.workflow.encode("user_id", np.array([user.encode() for user in USERS])).astype(np.int64)
    lists = recommend(parts.data, parts.sources, parts.ranking, codes, K)
    items = parts.workflow.decode("item_id", lists.final)
    there = ~np.isnan(lists.scores)
    return [(i[t].tolist(), s[t].tolist()) for i, s, t in zip(items, lists.scores, there, strict=True)]


def assert_equal(lists: Lists, expected: Lists) -> None:
    """Same items in the same order and scores to 1e-5; items closer than a relative 1e-5 may swap."""
    assert len(lists) == len(expected) == len(USERS)
    for user, (items, scores), (wanted, wanted_scores) in zip(USERS, lists, expected, strict=True):
        assert len(items) == len(wanted) == K, user
        np.testing.assert_allclose(scores, wanted_scores, rtol=1e-5, atol=1e-5, err_msg=user)
        assert_order(user, items, wanted, wanted_scores)


def assert_order(user: str, items: Sequence[int], wanted: Sequence[int], scores: Sequence[float]) -> None:
    last = scores[-1]
    for place, (item, other) in enumerate(zip(items, wanted, strict=True)):
        if item != other:  # then the two are as good as equal; the last may give way to one that was cut off
            score = scores[wanted.index(item)] if item in wanted else last
            assert np.isclose(score, scores[place], rtol=1e-5, atol=0), (user, place, items, wanted)


def test_the_ensemble_answers_as_the_library(edge: Whole, offline: Lists) -> None:
    ensemble = Ensemble.of(edge.release)
    answer = ensemble.transform(request_for(ensemble, USERS, K))
    items, scores = answer["item_id"], answer["score"]
    assert_equal([(items[row].tolist(), scores[row].tolist()) for row in range(len(USERS))], offline)


def test_its_operators_answer_so_from_models_of_their_own(
    edge: Whole, offline: Lists, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch)
    export(edge.release, tmp_path, "ensemble")
    models = FakeTriton(tmp_path)
    (answer,) = models.infer(
        edge.release.name, [{"user_id": encode_ids(USERS, "UINT8"), "k": np.full((len(USERS), 1), K, np.int32)}]
    )
    items, scores = (answer.tensors[name].tolist() for name in ("item_id", "score"))
    assert_equal(list(zip(items, scores, strict=True)), offline)
    assert len(models.models) == len(EnsemblePlan.of(Ensemble.load(edge.release.part(FILE)).node).steps) + 2


@pytest.mark.triton
def test_triton_answers_as_the_library(edge: Whole, served: str, offline: Lists) -> None:
    lists: Lists = []
    with RecommenderClient(served, edge.release.name, timeout=60.0) as client:
        for size in BATCHES:
            for answer in client.recommend(USERS[len(lists) : len(lists) + size], K):
                assert answer.release == edge.release.hash
                lists.append(([int(item.item_id) for item in answer.items], [item.score for item in answer.items]))
    assert_equal(lists, offline)


def test_the_comparison_finds_what_differs() -> None:
    lists: Lists = [([1, 2, 3], [0.9, 0.8, 0.8 + 1e-9])]
    assert_order("a", [1, 3, 2], *lists[0])
    assert_order("a", [1, 2, 7], *lists[0])
    for wrong in ([2, 1, 3], [7, 2, 3]):
        with pytest.raises(AssertionError):
            assert_order("a", wrong, *lists[0])
