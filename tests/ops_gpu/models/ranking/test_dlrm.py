from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.models.losses.listwise_softmax import PADDING, ListwiseRanker
from ops_gpu.models.ranking.dlrm import build_dlrm
from ops_gpu.models.ranking.dlrm_config import DlrmConfig
from ops_gpu.models.ranking.network_ranker import _adapt
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags
from tests.ops_gpu.models.schemas import columns, continuous, items, users

PAIR = ColumnSchema("pair", "float32", frozenset({Tags.CONTINUOUS, Tags.LIST}), is_list=True, value_count=Domain(2, 2))
SCHEMA = users().excluding("user_id") + items().excluding("item_id") + Schema([PAIR])
CONFIG = DlrmConfig(dimension=4, bottom=(6,), top=(5, 3), list_size=3)


def rows(count: int, seed: int = 0) -> dict[str, npt.NDArray[Any]]:
    found = columns(SCHEMA.excluding("pair"), count, seed)
    found["pair"] = np.random.default_rng(seed).normal(7, 3, (count, 2)).astype(np.float32)
    return {name: v[:, None] if v.ndim == 1 and v.dtype == np.float32 else v for name, v in found.items()}


@pytest.fixture(scope="module")
def ranker() -> keras.Model:
    keras.utils.set_random_seed(0)
    found = build_dlrm(SCHEMA, CONFIG)
    many = rows(500, seed=3)
    _adapt(found, [many[name][:, 0] if name != "pair" else many[name] for name in ("age", "price", "pair")])
    return found


def test_one_logit_a_row(ranker: keras.Model) -> None:
    assert set(ranker.input) == set(SCHEMA.names)
    logits = np.asarray(ranker(rows(10)))
    assert logits.shape == (10, 1) and np.isfinite(logits).all()
    some = np.asarray(ranker({name: value[3:5] for name, value in rows(10).items()}))
    np.testing.assert_allclose(some, logits[3:5], rtol=1e-5, atol=1e-6)


def test_numbers_are_normalised_by_training_rows(ranker: keras.Model) -> None:
    many = rows(500, seed=3)
    layer = ranker.get_layer("normalization")
    joined = np.concatenate([many[name] for name in ("age", "price", "pair")], axis=1)
    found = np.asarray(layer(joined))
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(found.std(axis=0), 1, rtol=1e-3)


def test_outliers_are_limited(ranker: keras.Model) -> None:
    far, farther = rows(1), rows(1)
    far["age"], farther["age"] = np.full((1, 1), 1e3, np.float32), np.full((1, 1), 1e9, np.float32)
    np.testing.assert_array_equal(np.asarray(ranker(far)), np.asarray(ranker(farther)))


def test_categories_interact(ranker: keras.Model) -> None:
    before = np.asarray(ranker(rows(40)))
    other = {**rows(40), "city": np.flip(rows(40)["city"])}
    changed = np.abs(np.asarray(ranker(other)) - before)[:, 0] > 1e-8
    assert changed.any() and not changed[other["city"] == rows(40)["city"]].any()


def test_a_schema_of_numbers_alone() -> None:
    schema = Schema([continuous("age"), PAIR])
    found = build_dlrm(schema, CONFIG)
    assert np.asarray(found({name: rows(4)[name] for name in schema.names})).shape == (4, 1)


def softmax_loss(logits: npt.NDArray[np.float64], labels: list[list[float]]) -> float:
    """Mean over lists of the cross-entropy between its positives and the softmax over what is no padding."""
    losses = []
    for scores, label in zip(logits.reshape(-1, 3), labels, strict=True):
        kept = [n for n in range(3) if label[n] != PADDING]
        total = np.log(np.exp(scores[kept]).sum())
        losses.append(np.mean([total - scores[n] for n in kept if label[n] == 1] or [0.0]))
    return float(np.mean(losses))


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param([[1, 0, 0], [0, 0, 1]], id="one positive"),
        pytest.param([[1, 1, 0], [0, 1, 1]], id="several share the probability"),
        pytest.param([[1, 0, PADDING], [1, PADDING, PADDING]], id="padding"),
        pytest.param([[1, 1, 1], [1, 0, 0]], id="nothing but positives"),
    ],
)
def test_loss_is_that_of_numpy(ranker: keras.Model, labels: list[list[float]]) -> None:
    trainer = ListwiseRanker(ranker, 3)
    logits = np.random.default_rng(1).normal(0, 2, (6, 1)).astype(np.float32)
    found = float(trainer.compute_loss(y=np.array(labels, np.float32).ravel(), y_pred=logits))
    assert found == pytest.approx(softmax_loss(logits.astype(np.float64), labels), rel=1e-5, abs=1e-6)


def test_padding_does_not_matter_whatever_it_scores(ranker: keras.Model) -> None:
    trainer, labels = ListwiseRanker(ranker, 3), np.array([1, 0, PADDING], np.float32)
    losses = [
        float(trainer.compute_loss(y=labels, y_pred=np.array([[0.3], [0.1], [score]], np.float32)))
        for score in (-50.0, 0.0, 50.0)
    ]
    assert losses[0] == losses[1] == losses[2]


def test_the_trainer_scores_as_the_ranker(ranker: keras.Model) -> None:
    np.testing.assert_array_equal(np.asarray(ListwiseRanker(ranker, 3)(rows(6))), np.asarray(ranker(rows(6))))


def test_interactions_are_the_dot_products_of_all_pairs(ranker: keras.Model) -> None:
    random = np.random.default_rng(0)
    parts = [random.normal(size=(2, 4)).astype(np.float32) for _ in range(3)]
    found = np.asarray(ranker.get_layer("interaction")(parts))
    expected = [[parts[a][row] @ parts[b][row] for a, b in ((0, 1), (0, 2), (1, 2))] for row in range(2)]
    np.testing.assert_allclose(np.sort(found, axis=1), np.sort(expected, axis=1), rtol=1e-5)
