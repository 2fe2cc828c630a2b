from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.features.training_rows import HISTORY
from ops_gpu.models.losses.in_batch_softmax import without_accidental_hits
from ops_gpu.models.retrieval.two_tower_config import TwoTowerConfig
from ops_gpu.models.retrieval.two_tower_network import CANDIDATE, PROBABILITY, Towers, TwoTowerTrainer, vectors
from tests.ops_gpu.models.schemas import columns, items, users

CONFIG = TwoTowerConfig(dimension=6, hidden=(8, 5), history_length=4, temperature=0.2)
ROWS = 7


@pytest.fixture(scope="module")
def towers() -> Towers:
    keras.utils.set_random_seed(0)
    return Towers.build(users(), items(), CONFIG)


def user_columns(rows: int = ROWS) -> dict[str, npt.NDArray[Any]]:
    history = np.random.default_rng(5).integers(0, 11, (rows, 4)).astype(np.int32)
    return {**columns(users(), rows), HISTORY: history}


def batch(candidates: list[int], probability: list[float]) -> dict[str, npt.NDArray[Any]]:
    query = {f"query_{name}": value for name, value in user_columns().items()}
    item = {f"item_{name}": value for name, value in columns(items(), ROWS, seed=1).items()}
    more = {CANDIDATE: np.array(candidates, np.int32), PROBABILITY: np.array(probability, np.float32)}
    return query | item | more


def reference(towers: Towers, candidates: list[int], probability: list[float]) -> npt.NDArray[np.float64]:
    """Cosines over the temperature, less the log of the chance to be drawn, without accidental hits."""
    query, item = vectors(towers.query, user_columns()), vectors(towers.item, columns(items(), ROWS, seed=1))
    logits = query.astype(np.float64) @ item.T.astype(np.float64) / CONFIG.temperature - np.log(probability)
    same = np.equal.outer(candidates, candidates) & ~np.eye(ROWS, dtype=np.bool_)
    return np.where(same, -np.inf, logits)


CANDIDATES, PROBABILITIES = [3, 4, 5, 3, 6, 4, 3], [0.5, 0.2, 0.1, 0.5, 0.05, 0.2, 0.5]


def test_logits_are_those_of_numpy(towers: Towers) -> None:
    found = np.asarray(TwoTowerTrainer(towers, CONFIG.temperature)(batch(CANDIDATES, PROBABILITIES)))
    expected = reference(towers, CANDIDATES, PROBABILITIES)
    kept = np.isfinite(expected)
    np.testing.assert_allclose(found[kept], expected[kept], rtol=1e-4, atol=1e-4)
    assert (found[~kept] < -1e4).all() and (~kept).sum() == 8


def test_loss_is_that_of_numpy(towers: Towers) -> None:
    model = TwoTowerTrainer(towers, CONFIG.temperature)
    logits = model(batch(CANDIDATES, PROBABILITIES))
    expected = reference(towers, CANDIDATES, PROBABILITIES)
    own = np.log(np.exp(expected).sum(axis=1)) - np.diag(expected)
    assert float(model.compute_loss(y_pred=logits)) == pytest.approx(own.mean(), rel=1e-4)


def test_correction_and_hits_matter(towers: Towers) -> None:
    even, different = [1 / ROWS] * ROWS, list(range(3, 3 + ROWS))
    model = TwoTowerTrainer(towers, CONFIG.temperature)
    losses = {
        float(model.compute_loss(y_pred=model(batch(*given))))
        for given in ((CANDIDATES, PROBABILITIES), (CANDIDATES, even), (different, PROBABILITIES))
    }
    assert len(losses) == 3


def test_rare_items_are_corrected_too(towers: Towers) -> None:
    """In a log of 100 million events an item that was chosen once has a share of 1e-8."""
    model, rare = TwoTowerTrainer(towers, CONFIG.temperature), [1e-8] * ROWS
    difference = model(batch(CANDIDATES, rare)) - model(batch(CANDIDATES, [1e-2] * ROWS))
    np.testing.assert_allclose(np.diag(np.asarray(difference)), np.log(1e6), rtol=1e-4)


def test_no_hits_in_a_batch_of_different_items() -> None:
    logits = np.arange(9, dtype=np.float32).reshape(3, 3)
    np.testing.assert_array_equal(np.asarray(without_accidental_hits(logits, np.array([3, 5, 4]))), logits)
    softmax = keras.ops.softmax(without_accidental_hits(logits, np.array([3, 5, 3])))
    assert np.asarray(softmax)[0, 2] == np.asarray(softmax)[2, 0] == 0


def test_vectors_have_unit_length_and_do_not_depend_on_the_batch(towers: Towers) -> None:
    for tower, values in ((towers.query, user_columns(20)), (towers.item, columns(items(), 20))):
        found = vectors(tower, values)
        assert found.shape == (20, CONFIG.dimension) and found.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(vectors(tower, values, batch=7), found, rtol=1e-5, atol=1e-6)
        assert vectors(tower, {k: v[:0] for k, v in values.items()}).shape == (0, CONFIG.dimension)


def test_the_history_speaks_of_items_as_the_item_tower_does(towers: Towers) -> None:
    tables = [layer for layer in towers.query.layers if layer.name == "embedding_item_id"]
    assert tables == [towers.item.get_layer("embedding_item_id")]
    one, other = user_columns(1), user_columns(1)
    other[HISTORY] = np.flip(one[HISTORY], axis=1)
    np.testing.assert_allclose(vectors(towers.query, one), vectors(towers.query, other), rtol=1e-4, atol=1e-6)
    other[HISTORY] = np.zeros_like(one[HISTORY])
    assert not np.allclose(vectors(towers.query, one), vectors(towers.query, other), atol=1e-4)


def test_columns_that_no_tower_reads_are_passed_over(towers: Towers) -> None:
    values = columns(items(), 3)
    more = {**values, "title": np.array([b"a", b"b", b"c"])}
    np.testing.assert_array_equal(vectors(towers.item, more), vectors(towers.item, values))
