from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import keras
import numpy as np
import polars as pl
import pytest

from ops_gpu.evaluation.comparison import Contender, _translated, compare
from ops_gpu.evaluation.evaluate import evaluate
from ops_gpu.evaluation.evaluation_protocol import EvaluationProtocol
from ops_gpu.features.entity_workflow import fit_workflow
from ops_gpu.features.training_data import TrainingData
from ops_gpu.models.ranking.dlrm import Dlrm, build_dlrm
from ops_gpu.models.retrieval.two_tower import TwoTower
from ops_gpu.models.retrieval.two_tower_network import Towers
from ops_gpu.operators import Categorify
from ops_gpu.schema.raw_schema import raw_schema
from ops_gpu.workflow.default_workflow import default_workflow
from ops_gpu.workflow.workflow import Workflow
from tests.ops_gpu.heart import CONFIG, CUT, END, TOWERS, Heart

PROTOCOL = EvaluationProtocol(CUT, END, repeats=False)


@pytest.fixture(scope="module")
def mine(heart: Heart) -> Contender:
    return Contender(heart.data, heart.workflow, heart.fit.models, heart.ranking, CONFIG)


@pytest.fixture(scope="module")
def older(heart: Heart) -> Contender:
    """Untrained models over the vocabulary of half the users, in which every code is another one's."""
    users = heart.demo.users.filter(pl.col("user_id") % 2 == 0)
    events = heart.interactions.join(users.select("user_id"), on="user_id", how="semi").head(2000)
    items = heart.demo.items.filter(pl.col("item_id") <= 150)
    events = events.join(items.select("item_id"), on="item_id", how="semi")
    schema = raw_schema(users, items)
    workflow = fit_workflow(events, users, items, Workflow(default_workflow(schema), schema))
    data = TrainingData.assemble(heart.interactions, users, items, workflow, CONFIG.history_length)
    keras.utils.set_random_seed(1)
    towers = Towers.build(data.user_schema, data.item_schema, TOWERS)
    retrieval = {"two_tower": TwoTower(towers, TOWERS, np.ones(data.items.size, np.bool_), ())}
    ranker = build_dlrm(Dlrm.input_schema(data, CONFIG.ranking, CONFIG.feature_names), CONFIG.ranking)
    return Contender(data, workflow, retrieval, Dlrm(ranker, CONFIG.ranking, ()), CONFIG)


def test_a_release_is_as_good_as_itself(heart: Heart, mine: Contender) -> None:
    found = compare(mine, mine, PROTOCOL)
    measured = evaluate(heart.data, heart.sources, heart.ranking, PROTOCOL)
    assert found is not None and found.users == len(measured.users)
    assert found.challenger == found.champion == pytest.approx(measured.final[20].ndcg.mean())
    assert (found.difference, found.standard_error) == (0, 0)


def test_an_older_release_is_compared_over_the_users_that_both_know(
    heart: Heart, mine: Contender, older: Contender
) -> None:
    found = compare(mine, older, PROTOCOL)
    users = evaluate(heart.data, heart.sources, heart.ranking, PROTOCOL).users
    even = heart.workflow.decode("user_id", users) % 2 == 0
    assert found is not None and 20 < found.users == even.sum() < len(users)
    assert found.challenger > found.champion and found.difference > found.standard_error > 0
    assert found.difference == pytest.approx(found.challenger - found.champion)
    back = compare(older, mine, PROTOCOL)
    assert back is not None and back.difference < -0.5 * back.standard_error


def test_codes_of_the_other_are_translated(heart: Heart, mine: Contender, older: Contender) -> None:
    """The same models under other codes reach the same: the lists are put into the challenger's codes."""
    events = heart.interactions.filter(pl.col("item_id") % 2 == 0)
    schema = raw_schema(heart.demo.users, heart.demo.items)
    workflow = fit_workflow(events, heart.demo.users, heart.demo.items, Workflow(default_workflow(schema), schema))
    assert workflow.vocabulary("item_id").to_list() != heart.workflow.vocabulary("item_id").to_list()
    data = TrainingData.assemble(
        heart.interactions, heart.demo.users, heart.demo.items, workflow, CONFIG.history_length
    )
    config = replace(
        CONFIG, candidates=replace(CONFIG.candidates, sizes={"two_tower": 0, "co_occurrence": 0, "popular": 20})
    )
    challenger = replace(mine, config=config, ranking=by_popularity(mine))
    found = compare(challenger, replace(challenger, data=data, workflow=workflow), PROTOCOL)
    assert found is not None and found.champion == pytest.approx(found.challenger, abs=0.01) and found.champion > 0.2


def by_popularity(side: Contender) -> Dlrm:
    """A ranker whose score is one of the features: the rank in the list of popular items."""
    from ops_gpu.models.contract import PAIR_COLUMN

    names = CONFIG.feature_names
    inputs = {PAIR_COLUMN: keras.Input((len(names),), name=PAIR_COLUMN)}
    place = names.index("rank_popular")
    return replace(side.ranking, model=keras.Model(inputs, inputs[PAIR_COLUMN][:, place : place + 1]))


def test_padding_of_one_is_padding_of_the_other(mine: Contender) -> None:
    """Padding decodes to an id that a shop may really have, and that is no item of the list."""
    workflow = fit_workflow(
        pl.DataFrame({"user_id": [1], "item_id": [-1], "timestamp": [datetime(2026, 1, 1)], "label": [True]}),
        pl.DataFrame({"user_id": [1]}),
        pl.DataFrame({"item_id": [-1, 1]}),
        Workflow(["user_id", "item_id"] >> Categorify()),
    )
    assert mine.workflow.decode("item_id", np.array([0, 2])).tolist() == [-1, -1]
    assert workflow.encode("item_id", np.array([-1])).tolist() == [3]
    one = mine.workflow.encode("item_id", np.array([1]))[0]
    found = _translated(np.array([[one, 0, 2]], np.int32), mine, replace(mine, workflow=workflow))
    assert found.tolist() == [[4, 0, 0]]


def test_nobody_in_common(mine: Contender, older: Contender) -> None:
    strangers = replace(mine, workflow=older.workflow)
    empty = older.workflow.encode("user_id", np.array([-5]))
    assert empty.tolist() == [2] and compare(strangers, older, EvaluationProtocol(END, END + 1, False)) is None
