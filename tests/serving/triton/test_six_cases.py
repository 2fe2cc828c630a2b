"""The cases in which Merlin Systems failed (systems#207), each with its answer, in both forms, beside healthy users.

| case | answer |
|---|---|
| a user whom the feature store does not know | what is popular now, marked as such |
| more items asked for than the index holds | all that there are, and their count |
| Faiss fills up with -1 | -1 is no candidate and no item |
| a candidate without features | it is scored by null features, like any other |
| fewer candidates than `k` after filtering | as many as are left, down to none |
| no user id (null) | that of an unknown user; a client says so before it asks |

Whatever the case, the others in the batch get what they would get alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from ops_gpu.recommender.learned_source import DenseSource
from serving.client.client import RecommenderClient, RecommenderError
from serving.request.recommendation import RecommendationList
from tests.serving.edge_release import ALMOST, FEATURELESS, ITEMS, LEFT, SATED
from tests.serving.whole_release import Whole

pytestmark = pytest.mark.triton
HEALTHY = ("u1", "u2")


@pytest.fixture(scope="module")
def client(edge: Whole, served: str) -> Iterator[RecommenderClient]:
    with RecommenderClient(served, edge.release.name, timeout=60.0) as client:
        yield client


def beside_healthy(client: RecommenderClient, users: Sequence[str], k: int) -> list[RecommendationList]:
    """Answers to some users, after a look at the healthy ones on both sides of them."""
    first, *answers, last = client.recommend([HEALTHY[0], *users, HEALTHY[1]], k)
    for user, answer in zip(HEALTHY, (first, last), strict=True):
        (alone,) = client.recommend(user, k)
        assert [item.item_id for item in answer.items] == [item.item_id for item in alone.items]
        np.testing.assert_allclose(scores(answer), scores(alone), rtol=1e-5)
        assert answer.source == "personalized" and len(answer.items) >= min(k, 10)
    return answers


def scores(answer: RecommendationList) -> list[float]:
    return [item.score for item in answer.items]


def check_list(answer: RecommendationList) -> None:
    """What holds for every list: real items, each once, with real scores, best first."""
    ids = [item.item_id for item in answer.items]
    assert len(set(ids)) == len(ids) and set(ids) <= set(range(1000, 1000 + ITEMS))
    assert np.isfinite(scores(answer)).all() and scores(answer) == sorted(scores(answer), reverse=True)


def test_a_user_not_in_the_feature_store_gets_what_is_popular(client: RecommenderClient, edge: Whole) -> None:
    (answer,) = beside_healthy(client, ["nobody"], 7)
    check_list(answer)
    parts = edge.parts
    best = np.sort(parts.sources.item_state.popular[parts.data.offered(None)])[::-1][:7]
    np.testing.assert_allclose(scores(answer), best)
    assert answer.source == "popular" and all(item.sources == ("popular",) for item in answer.items)


def test_k_above_the_size_of_the_index_gives_all_that_there_are(client: RecommenderClient, edge: Whole) -> None:
    size = int(edge.parts.data.offered(None).sum())
    known, unknown = beside_healthy(client, ["u3", "nobody"], 1000)
    for answer in (known, unknown):
        check_list(answer)
    assert 10 < len(known.items) < size, "what the user has seen is left out"
    assert len(unknown.items) == size


def test_the_minus_ones_of_faiss_are_no_items(client: RecommenderClient, edge: Whole) -> None:
    source = edge.parts.sources.learned["two_tower"]
    assert isinstance(source, DenseSource)
    found, _ = source.index.search(np.zeros((1, source.vectors.shape[1]), np.float32), 2 * 90)
    assert (found == -1).any(), "this release does not have the case"
    (answer,) = beside_healthy(client, ["u4"], 1000)
    check_list(answer)
    assert any("two_tower" in item.sources for item in answer.items)


def test_a_candidate_without_features_is_scored_like_any_other(client: RecommenderClient, edge: Whole) -> None:
    workflow, table = edge.parts.workflow, edge.parts.data.items
    codes = workflow.encode("item_id", np.array(FEATURELESS))
    assert (table.columns["price"][codes] == 0).all() and (table.columns["genres"][codes] == 0).all()
    answers = beside_healthy(client, [f"u{number}" for number in range(10, 40)], 1000)
    for answer in answers:
        check_list(answer)
    assert {item.item_id for answer in answers for item in answer.items} >= set(FEATURELESS)


def test_fewer_candidates_than_k_are_all_that_come(client: RecommenderClient) -> None:
    almost, sated, other = beside_healthy(client, [ALMOST, SATED, "u5"], 10)
    check_list(almost)
    assert {item.item_id for item in almost.items} == set(LEFT) and almost.source == "personalized"
    assert sated.items == ()
    assert len(other.items) == 10


def test_a_missing_id_is_an_unknown_user(client: RecommenderClient) -> None:
    missing, unknown = beside_healthy(client, ["", "nobody"], 5)
    assert missing.items == unknown.items and missing.source == "popular"
    with pytest.raises(RecommenderError, match="must be a string or an integer, got None"):
        client.recommend([*HEALTHY, None])  # type: ignore[list-item]


def test_all_at_once(client: RecommenderClient) -> None:
    strange = ["nobody", SATED, "", ALMOST, "u6"]
    for user, answer in zip(strange, beside_healthy(client, strange, 1000), strict=True):
        check_list(answer)
        (alone,) = client.recommend(user, 1000)
        assert [item.item_id for item in answer.items] == [item.item_id for item in alone.items]
