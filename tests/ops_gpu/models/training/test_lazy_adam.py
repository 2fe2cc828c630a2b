from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.models.training.lazy_adam import LazyAdam

ROWS, WIDTH = 50, 3


def trained(
    optimizer: keras.optimizers.Optimizer, batches: list[npt.NDArray[np.int32]], dense: bool = False
) -> list[npt.NDArray[Any]]:
    """A table and a layer above it, after a step a batch: each row is drawn towards its number.

    Where `dense`, the table is a layer over ones and zeros: its gradient is of all rows.
    """
    keras.utils.set_random_seed(3)
    shape: dict[str, Any] = {"shape": (4, ROWS)} if dense else {"shape": (4,), "dtype": "int32"}
    rows = keras.Input(**shape)
    table = keras.layers.Dense(WIDTH, use_bias=False) if dense else keras.layers.Embedding(ROWS, WIDTH)
    model = keras.Model(rows, keras.layers.Dense(1)(table(rows)))
    random = np.random.default_rng(1)
    model.set_weights([random.normal(0, 0.1, weights.shape) for weights in model.get_weights()])
    model.compile(optimizer=optimizer, loss="mse")
    for batch in batches:
        model.train_on_batch(np.eye(ROWS)[batch] if dense else batch, batch[..., None] / ROWS)
    return [np.asarray(weights) for weights in model.get_weights()]


def drawn(rows: int, steps: int) -> list[npt.NDArray[np.int32]]:
    random = np.random.default_rng(5)
    return [random.integers(0, rows, (8, 4)).astype(np.int32) for _ in range(steps)]


def test_rows_that_every_batch_looks_up_move_as_with_adam() -> None:
    """Rows come several times in a batch, and their slopes are added up."""
    batches = [np.arange(20, dtype=np.int32).reshape(5, 4).repeat(2, axis=0) for _ in range(30)]
    lazy, other = trained(LazyAdam(0.01), batches), trained(keras.optimizers.Adam(0.01), batches, dense=True)
    for mine, theirs in zip(lazy, other, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def test_rows_that_no_batch_looks_up_stay() -> None:
    before = trained(LazyAdam(0.01), [])
    one, once = drawn(10, 1), trained(LazyAdam(0.01), [*drawn(10, 1), *drawn(5, 20)])
    touched = np.unique(np.concatenate([*one, *drawn(5, 20)]))
    moved = np.flatnonzero((once[0] != before[0]).any(axis=1))
    assert moved.tolist() == touched.tolist()
    after_one = trained(LazyAdam(0.01), one)
    alone = np.setdiff1d(one[0], np.concatenate(drawn(5, 20)))  # in the first batch and in no other
    np.testing.assert_array_equal(once[0][alone], after_one[0][alone])
    whole = trained(keras.optimizers.Adam(0.01), [*drawn(10, 1), *drawn(5, 20)], dense=True)
    assert not np.array_equal(whole[0][alone], trained(keras.optimizers.Adam(0.01), one, dense=True)[0][alone])


def test_it_learns() -> None:
    def error(steps: int) -> float:
        table, weights, bias = trained(LazyAdam(0.02), drawn(ROWS, steps))
        found = table @ weights + bias
        return float(np.abs(found[:, 0] - np.arange(ROWS) / ROWS).mean())

    assert error(400) < 0.3 * error(0)


def test_it_is_written_and_read() -> None:
    found = keras.optimizers.deserialize(keras.optimizers.serialize(LazyAdam(0.25)))
    assert isinstance(found, LazyAdam) and float(found.learning_rate) == pytest.approx(0.25)
