"""What is no number stops, with its column or part named, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import polars as pl
import pytest

from ops_gpu.candidates.index import ItemIndex
from ops_gpu.evaluation.backtest import evaluate_as_of
from ops_gpu.evaluation.evaluate import evaluate
from ops_gpu.evaluation.evaluation_protocol import EvaluationProtocol
from ops_gpu.features.feature_table import FeatureTable
from ops_gpu.features.training_data import TrainingData
from ops_gpu.graph.node import Node
from ops_gpu.models.ranking.dlrm import Dlrm
from ops_gpu.models.retrieval.two_tower import TwoTower
from ops_gpu.models.training.not_finite import require_finite_weights
from ops_gpu.operators import Categorify, LambdaOp
from ops_gpu.primitives.finite import require_finite
from ops_gpu.recommender.candidate_sources import CandidateSources, sources_at
from ops_gpu.recommender.learned_source import DenseSource
from ops_gpu.schema.schema import Schema
from tests.ops_gpu.heart import CONFIG, CUT, END, TOWERS, Heart

QUICK = replace(
    CONFIG,
    retrieval={"two_tower": replace(TOWERS, epochs=2)},
    ranking=replace(CONFIG.ranking, epochs=1, moments=1),
)


def test_rows_are_counted() -> None:
    require_finite(np.array([1, 2]), "x", "y")
    require_finite(np.zeros((2, 2)), "x", "y")
    values = np.array([[1.0, np.nan], [1.0, 2.0], [np.inf, np.inf]])
    with pytest.raises(ValueError, match=r"^x hold no finite number \(.*\) in 2 of 3 rows; do this\.$"):
        require_finite(values, "x", "do this")
    with pytest.raises(ValueError, match="found out"):
        require_finite(values, "x", lambda: "found out")


@pytest.mark.parametrize("bad", [None, float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("listed", [False, True], ids=["number", "list"])
def test_a_feature_that_the_graph_makes_no_number_of_is_named(bad: float | None, listed: bool) -> None:
    values: list[Any] = [1.0, bad]
    if listed:
        values = [[1.0, 2.0], [3.0, bad if bad is not None else float("nan")]]
    frame = pl.DataFrame({"item_id": [3, 4], "price": values})
    with pytest.raises(
        ValueError, match=r"values of the feature column 'price' hold no finite number .* in 1 of 2 rows"
    ):
        FeatureTable.from_frame(frame, "item_id", Schema.from_polars(frame), 5)


def test_a_graph_that_gives_none_stops_with_its_column(heart: Heart) -> None:
    def graph(schema: Schema) -> Node:
        coded = ["user_id", "item_id"] >> Categorify()
        return coded + (["price"] >> LambdaOp(lambda price: (price - price).log()))

    with pytest.raises(ValueError, match="the feature column 'price' hold no finite number"):
        evaluate_as_of(heart.interactions, heart.demo.users, heart.demo.items, graph, QUICK, CUT, END)


def with_price(data: TrainingData, value: float) -> TrainingData:
    """The same data, with one price that no graph would give."""
    columns = dict(data.items.columns)
    columns["price"] = columns["price"].copy()
    columns["price"][20] = value
    other = replace(data, items=FeatureTable(columns, data.items.size))
    return other.with_events(data.events, CONFIG.history_length)  # rows of what it holds


def test_a_loss_that_is_none_names_epoch_and_column(heart: Heart) -> None:
    said = r"the loss of the two towers is nan in epoch 1 of 2; the feature columns price are not finite"
    with pytest.raises(ValueError, match=said):
        TwoTower.fit(with_price(heart.data, np.inf), QUICK.retrieval["two_tower"], CUT)


def test_a_loss_that_is_none_without_such_a_column_names_the_rate_and_the_weights(heart: Heart) -> None:
    said = r"epoch 1 of 1; all feature columns are finite: lower {}\.learning_rate \(now 0\.0.*\), .* weights of .*{}"
    with pytest.raises(ValueError, match=said.format("retrieval", "query_tower")):
        TwoTower.fit(heart.data, QUICK.retrieval["two_tower"], CUT, previous=bad_towers(heart, "query"))
    with pytest.raises(ValueError, match=said.format("ranking", "logit")):
        Dlrm.fit(heart.data, heart.rows, QUICK.ranking, previous=bad_ranker(heart))


def test_computed_features_are_looked_at(heart: Heart) -> None:
    features = heart.rows.features.copy()
    features[7, 1] = np.nan
    with pytest.raises(ValueError, match="values of the computed feature 'item_age' hold no finite number"):
        Dlrm.fit(heart.data, replace(heart.rows, features=features), QUICK.ranking)


def spoiled(model: keras.Model, layer: str) -> keras.Model:
    """A copy of a model, one weight of which is no number."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    weights = [w.copy() for w in copy.get_layer(layer).get_weights()]
    weights[-1].flat[0] = np.nan
    copy.get_layer(layer).set_weights(weights)
    return copy


def bad_towers(heart: Heart, which: str) -> TwoTower:
    towers = heart.towers.towers
    bad = replace(towers, **{which: spoiled(getattr(towers, which), f"{which}_out")})
    return replace(heart.towers, towers=bad)


def bad_ranker(heart: Heart) -> Dlrm:
    return replace(heart.ranking, model=spoiled(heart.ranking.model, "logit"))


def with_towers(heart: Heart, towers: TwoTower) -> CandidateSources:
    source = heart.sources.learned["two_tower"]
    assert isinstance(source, DenseSource)
    return replace(heart.sources, learned={"two_tower": replace(source, model=towers)})


PROTOCOL = EvaluationProtocol(CUT, END, repeats=False)
PARTS: dict[str, tuple[Callable[[Heart], object], str]] = {
    "item tower": (
        lambda h: sources_at(h.data, {"two_tower": bad_towers(h, "item")}, CUT, CONFIG.candidates),
        r"vectors of items, as the item tower gives them, hold no finite number .* weights of item_out\.",
    ),
    "query tower": (
        lambda h: evaluate(h.data, with_towers(h, bad_towers(h, "query")), h.ranking, PROTOCOL),
        r"vectors of users, as the query tower gives them, hold no finite number .* weights of query_out\.",
    ),
    "ranker": (
        lambda h: evaluate(h.data, h.sources, bad_ranker(h), PROTOCOL),
        r"scores of the ranker hold no finite number .* lower ranking\.learning_rate .* weights of logit\.",
    ),
    "index": (
        lambda h: ItemIndex.build(np.full((9, 4), np.nan, np.float32), np.ones(9, np.bool_)),
        r"vectors of items hold no finite number .* in 9 of 9 rows; fit the towers anew",
    ),
}


@pytest.mark.parametrize(("use", "said"), PARTS.values(), ids=PARTS.keys())
def test_a_part_that_gives_none_is_never_measured(heart: Heart, use: Callable[[Heart], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        use(heart)


def test_weights_are_looked_at_after_the_last_step(heart: Heart) -> None:
    require_finite_weights(heart.ranking.model, "the ranker", lambda: "why")
    with pytest.raises(ValueError, match=r"^weights of the ranker are no finite numbers after the last step; why\.$"):
        require_finite_weights(bad_ranker(heart).model, "the ranker", lambda: "why")
