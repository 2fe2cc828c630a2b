from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.candidates.popular import popular_order
from ops_gpu.evaluation.evaluate import Evaluation, better_by, evaluate
from ops_gpu.evaluation.evaluation_protocol import EvaluationProtocol
from ops_gpu.evaluation.metrics import ListMetrics
from ops_gpu.interactions.events import DAY
from ops_gpu.recommender.candidate_sources import sources_at
from ops_gpu.recommender.ranking_examples import choices_after
from tests.ops_gpu.heart import CONFIG, CUT, END, Heart
from tests.ops_gpu.toys import rows_of

PROTOCOL = EvaluationProtocol(CUT, END, repeats=False)


@pytest.fixture(scope="module")
def evaluation(heart: Heart) -> Evaluation:
    return evaluate(heart.data, heart.sources, heart.ranking, PROTOCOL)


def test_the_recommender_learns(evaluation: Evaluation) -> None:
    final, popular = evaluation.final[20], evaluation.baselines["popularity"][20]
    difference, error = better_by(final, popular)
    assert difference > 2 * error > 0
    assert difference == pytest.approx(final.ndcg.mean() - popular.ndcg.mean())


def test_lists_are_measured_against_what_was_chosen(heart: Heart, evaluation: Evaluation) -> None:
    users, chosen = choices_after(heart.data.events, CUT, END, False)
    assert evaluation.users.tolist() == users.tolist() and evaluation.lists.shape == (len(users), 20)
    for k, metrics in evaluation.final.items():
        np.testing.assert_array_equal(metrics.ndcg, ListMetrics.of(evaluation.lists, chosen, k).ndcg)
    assert set(evaluation.final) == set(evaluation.retrieval) == {10, 20}


def test_the_report_is_json(evaluation: Evaluation) -> None:
    report = json.loads(json.dumps(evaluation.to_dict()))
    assert set(report) == {"final", "retrieval", "baselines", "new_users"}
    expected = {"popularity", "popularity_28d", "popularity_7d", "popularity_decayed", "item_knn"}
    assert set(report["baselines"]) == expected
    for measured in (report["final"], report["retrieval"], *report["baselines"].values()):
        assert measured["users"] == len(evaluation.users)
        assert 0 < measured["recall@20"] < 1 and 0 < measured["ndcg@10_se"] < 0.1
    assert report["final"]["ndcg@20"] == pytest.approx(evaluation.final[20].ndcg.mean())


def test_new_users_get_the_popular_items_each_of_them(heart: Heart, evaluation: Evaluation) -> None:
    rows = rows_of(heart.data.events)
    known = {row[0] for row in rows if row[2] < CUT}
    chosen: dict[int, set[int]] = {}
    for user, item, time, positive in rows:
        if user not in known and CUT <= time < END and positive:
            chosen.setdefault(user, set()).add(item)
    item_state = heart.sources.item_state
    popular = np.flatnonzero(item_state.available & (item_state.total > 0))
    best = set(popular[np.argsort(-item_state.popular[popular], kind="stable")][:20].tolist())
    expected = [len(best & items) / min(20, len(items)) for _, items in sorted(chosen.items())]
    assert evaluation.new_users is not None and len(expected) > 10
    assert evaluation.new_users[20].recall.tolist() == pytest.approx(expected)


def test_no_new_users(heart: Heart) -> None:
    events = heart.data.events
    known = np.isin(events.user, events.before(CUT).user)
    data = replace(heart.data, events=events.where(known))
    found = evaluate(data, heart.sources, heart.ranking, PROTOCOL)
    assert found.new_users is None and found.to_dict()["new_users"] == {"users": 0}


def test_repeats_bring_their_own_baseline(heart: Heart) -> None:
    found = evaluate(heart.data, heart.sources, heart.ranking, replace(PROTOCOL, repeats=True))
    assert "own_purchases" in found.baselines


def test_sources_of_another_moment_are_refused(heart: Heart) -> None:
    with pytest.raises(ValueError, match=r"the lists are wanted as of \d+; build the sources for the cut"):
        evaluate(heart.data, heart.sources, heart.ranking, EvaluationProtocol(CUT + DAY, END, False))


def test_days_on_which_nobody_chose_anything(heart: Heart) -> None:
    with pytest.raises(ValueError, match=r"no user with a history chose anything new.*evaluate more days"):
        evaluate(heart.data, heart.sources, heart.ranking, EvaluationProtocol(CUT, CUT, False))


def test_differences_are_paired() -> None:
    def metrics(*ndcg: float) -> ListMetrics:
        values = np.array(ndcg)
        return ListMetrics(20, values, values, values, values)

    assert better_by(metrics(0.5, 0.7, 0.9), metrics(0.4, 0.6, 0.8)) == pytest.approx((0.1, 0.0))
    difference, error = better_by(metrics(0.5, 0.7), metrics(0.5, 0.3))
    assert (difference, error) == pytest.approx((0.2, 0.2))
    assert better_by(metrics(0.5), metrics(0.25)) == (0.25, 0.0)


def constant(model: keras.Model, layer: str) -> keras.Model:
    """A copy of a model that says the same of everything."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    copy.get_layer(layer).set_weights([np.zeros_like(w) for w in copy.get_layer(layer).get_weights()])
    return copy


def by_lot(heart: Heart, codes: npt.NDArray[np.integer[Any]], rounds: int = 60) -> tuple[float, float]:
    """Mean and spread of NDCG@20 of one list for all that is drawn from some items."""
    users, chosen = choices_after(heart.data.events, CUT, END, False)
    random, measured = np.random.default_rng(0), []
    past = heart.data.events.before(CUT)
    seen = set(zip(past.user.tolist(), past.item.tolist(), strict=True))
    for _ in range(rounds):
        order = random.permutation(codes)
        lists = [[item for item in order.tolist() if (user, item) not in seen][:20] for user in users.tolist()]
        padded = np.array([row + [0] * (20 - len(row)) for row in lists])
        measured.append(ListMetrics.of(padded, chosen, 20).ndcg.mean())
    return float(np.mean(measured)), float(np.std(measured))


def test_a_model_that_knows_nothing_is_measured_like_chance(heart: Heart, evaluation: Evaluation) -> None:
    """Codes are in the order of popularity: were ties settled by code, it would look like what is popular."""
    towers = heart.towers.towers
    flat = replace(towers, query=constant(towers.query, "query_out"), item=constant(towers.item, "item_out"))
    models = {"two_tower": replace(heart.towers, towers=flat)}
    ranker = replace(heart.ranking, model=constant(heart.ranking.model, "logit"))
    sizes = replace(CONFIG.candidates, sizes={"two_tower": 40, "popular": 0, "co_occurrence": 0})
    found = evaluate(heart.data, sources_at(heart.data, models, CUT, sizes), ranker, PROTOCOL)
    offered = np.flatnonzero(heart.data.offered(CUT))
    mean, spread = by_lot(heart, offered)
    popular = evaluation.baselines["popularity"][20].ndcg.mean()
    for measured in (found.final, found.retrieval):
        assert measured[20].ndcg.mean() < mean + 2.5 * spread
        assert measured[20].ndcg.mean() < popular - 2.5 * spread


def test_a_ranker_that_knows_nothing_is_measured_like_chance_among_candidates(heart: Heart) -> None:
    ranker = replace(heart.ranking, model=constant(heart.ranking.model, "logit"))
    sizes = replace(CONFIG.candidates, sizes={"two_tower": 0, "popular": 100, "co_occurrence": 0})
    sources = sources_at(heart.data, heart.fit.models, CUT, sizes)
    found = evaluate(heart.data, sources, ranker, PROTOCOL)
    mean, spread = by_lot(heart, popular_order(sources.item_state)[:100])
    assert abs(found.final[20].ndcg.mean() - mean) < 2.5 * spread
    assert found.final[20].ndcg.mean() < found.retrieval[20].ndcg.mean() - 2.5 * spread  # in the order of popularity
