from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.interactions import histories
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.histories import Histories
from ops_gpu.models.retrieval.two_tower import TwoTower
from ops_gpu.recommender import two_stage as fitting
from ops_gpu.recommender.candidate_sources import sources_at
from ops_gpu.recommender.fit_config import FitConfig
from ops_gpu.recommender.ranking_examples import moments_before
from ops_gpu.recommender.two_stage import (
    continue_retrieval,
    first_day,
    fit_ranker,
    fit_retrieval_until,
    make_ranking_rows,
    recommend,
)
from tests.ops_gpu.heart import CONFIG, CUT, END, START, TOWERS, Heart


def test_the_early_towers_end_where_the_rankers_lists_begin(heart: Heart) -> None:
    moments = moments_before(CUT, first_day(heart.data), CONFIG.ranking)
    assert len(moments) > 1 and heart.fit.early_end == moments[0] and heart.fit.end == CUT
    assert set(heart.rows.moment.tolist()) == set(moments)
    past = heart.data.events.before(moments[0])
    assert set(np.flatnonzero(heart.early_towers.trained).tolist()) == set(past.item[past.positive].tolist())


def test_labels_come_from_the_horizon_alone(heart: Heart) -> None:
    events, horizon = heart.data.events, int(CONFIG.ranking.horizon_days * DAY)
    for number, moment in enumerate(heart.rows.moment.tolist()):
        rows = slice(heart.rows.lists[number], heart.rows.lists[number + 1])
        user, chosen = heart.rows.user[rows][0], heart.rows.item[rows][heart.rows.label[rows]]
        after = events.between(moment, moment + horizon)
        assert set(chosen.tolist()) <= set(after.item[(after.user == user) & after.positive].tolist())


def test_lists(heart: Heart) -> None:
    users = heart.users(100)
    lists = recommend(heart.data, heart.sources, heart.ranking, users, 15)
    assert lists.final.shape == lists.retrieved.shape == lists.scores.shape == (100, 15)
    histories = Histories.from_events(heart.data.events.before(CUT), users)
    for row in range(100):
        for codes in (lists.final[row], lists.retrieved[row]):
            assert len(set(codes.tolist())) == 15 and not set(codes.tolist()) & set(histories.items[row].tolist())
            assert heart.sources.item_state.available[codes].all()
    assert (np.diff(lists.scores, axis=1) <= 0).all()


def test_scores_are_those_of_the_ranker(heart: Heart) -> None:
    users = heart.users(5)
    lists = recommend(heart.data, heart.sources, heart.ranking, users, 15)
    histories = Histories.from_events(heart.data.events.before(CUT), users)
    found, features = heart.sources.retrieve(heart.data, users, histories)
    scores = heart.ranking.score(heart.data, users[found.items.row_ids], found.items.values, features)
    for row in range(5):
        mine = np.sort(found.items.with_values(scores)[row])[::-1][:15]
        np.testing.assert_allclose(lists.scores[row], mine, rtol=1e-4, atol=1e-5)


def test_retrieval_order_is_by_best_rank_and_then_by_similarity(heart: Heart) -> None:
    users = heart.users(5)
    lists = recommend(heart.data, heart.sources, heart.ranking, users, 15)
    histories = Histories.from_events(heart.data.events.before(CUT), users)
    found, features = heart.sources.retrieve(heart.data, users, histories)
    rank = found.items.with_values(found.rank.max(axis=1))
    near = found.items.with_values(features[:, CONFIG.feature_names.index("two_tower")])
    for row in range(5):
        entries = sorted(zip(-rank[row], -near[row], found.items[row].tolist(), strict=True))
        assert lists.retrieved[row].tolist() == [item for _, _, item in entries[:15]]


def test_a_batch_gives_what_single_users_get(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    users = heart.users(12)
    batch = recommend(heart.data, heart.sources, heart.ranking, users, 10)
    monkeypatch.setattr(histories, "USERS_AT_ONCE", 1)
    single = recommend(heart.data, heart.sources, heart.ranking, users, 10)
    np.testing.assert_array_equal(batch.final, single.final)
    np.testing.assert_array_equal(batch.retrieved, single.retrieved)
    np.testing.assert_allclose(batch.scores, single.scores, rtol=1e-4, atol=1e-5)


def test_short_lists_are_padded_and_nobody_gets_none(heart: Heart) -> None:
    few = replace(heart.sources, config=CandidateConfig({"two_tower": 3, "popular": 0, "co_occurrence": 0}))
    lists = recommend(heart.data, few, heart.ranking, heart.users(4), 8)
    assert ((lists.final > 0).sum(axis=1) == 3).all() and (lists.final[:, 3:] == 0).all()
    assert np.isnan(lists.scores[:, 3:]).all() and np.isfinite(lists.scores[:, :3]).all()
    nobody = recommend(heart.data, few, heart.ranking, heart.users(0), 8)
    assert nobody.final.shape == nobody.retrieved.shape == nobody.scores.shape == (0, 8)


def test_users_without_history_are_recommended_to(heart: Heart) -> None:
    known = np.zeros(heart.data.events.users, np.bool_)
    known[heart.data.events.before(CUT).user] = True
    strange = np.flatnonzero(~known)[3:6].astype(np.int64)
    lists = recommend(heart.data, heart.sources, heart.ranking, strange, 10)
    assert len(strange) == 3 and (lists.final > 0).all()


def test_models_are_continued_over_the_days_they_were_evaluated_on(heart: Heart) -> None:
    rows = make_ranking_rows(heart.data, heart.fit.early, CONFIG, END, since=heart.fit.early_end)
    models = continue_retrieval(heart.data, heart.fit.models, CONFIG, heart.fit.end, END)
    ranker = fit_ranker(heart.data, rows, CONFIG, heart.ranking)
    towers = models["two_tower"]
    assert isinstance(towers, TwoTower)
    past = heart.data.events.before(END)
    assert set(np.flatnonzero(towers.trained).tolist()) == set(past.item[past.positive].tolist())
    assert len(towers.losses) == len(heart.towers.losses) + 1
    assert len(ranker.losses) == len(heart.ranking.losses) + 1 and ranker.losses[-1] < ranker.losses[0]
    sources = sources_at(heart.data, models, END, CONFIG.candidates, live=True)
    lists = recommend(heart.data, sources, ranker, heart.users(50), 10)
    assert (lists.final > 0).all()


def test_a_fit_of_before_goes_on_with_the_events_since(heart: Heart) -> None:
    later = fit_retrieval_until(heart.data, CONFIG, END, kept=heart.fit)
    assert (later.early_end, later.end) == (heart.fit.early_end, END)
    towers, before = later.models["two_tower"], heart.towers
    assert isinstance(towers, TwoTower)
    assert towers.losses[: len(before.losses)] == before.losses and len(towers.losses) == len(before.losses) + 1
    again = fit_retrieval_until(heart.data, CONFIG, CUT, kept=heart.fit)
    same = again.models["two_tower"]
    assert isinstance(same, TwoTower) and same.losses == before.losses
    np.testing.assert_array_equal(same.embed_items(heart.data), before.embed_items(heart.data))
    with pytest.raises(ValueError, match=f"learned up to {END}, expected {CUT} at most"):
        fit_retrieval_until(heart.data, CONFIG, CUT, kept=later)


@pytest.mark.parametrize("days", [14, 15, 16, 20, 21])
@pytest.mark.parametrize("longer", [0, 1, 2])
def test_no_list_is_older_than_the_early_towers(
    heart: Heart, days: int, longer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that is a day longer may allow a moment further back, which the early towers have learned from."""
    seen = list[int]()
    monkeypatch.setattr(fitting, "rows_at", lambda data, early, moment, *_: seen.append(moment))
    monkeypatch.setattr(fitting.RankingRows, "concatenate", lambda parts: None)
    config = FitConfig({"two_tower": TOWERS}, CONFIG.candidates, replace(CONFIG.ranking, moments=9, step_days=2.5))
    end = START + days * DAY
    make_ranking_rows(heart.data, heart.fit.early, config, end)
    early_end = seen[0]
    seen.clear()
    make_ranking_rows(heart.data, heart.fit.early, config, end + longer * DAY, since=early_end)
    assert seen and min(seen) >= early_end


def test_what_does_not_fit_into_memory_is_not_begun(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops_gpu.models.memory_check.physical_memory", lambda: 1_000)
    with pytest.raises(ValueError, match=r"fitting the model 'two_tower' would take about .* and this machine has"):
        fit_retrieval_until(heart.data, CONFIG, CUT)
    with pytest.raises(ValueError, match="fitting the model 'dlrm' would take about"):
        fit_ranker(heart.data, heart.rows, CONFIG)
