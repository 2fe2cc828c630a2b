from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest

from ops_gpu.models.training.lazy_adam import LazyAdam

ROWS, WIDTH = 50, 3


def trained(optimizer: keras.optimizers.Optimizer, batches: list[npt.NDArray[np.int32]]) -> list[npt.NDArray[Any]]:
    """A table and a layer above it, after a step a batch: each row is drawn towards its number."""
    keras.utils.set_random_seed(3)
    rows = keras.Input((4,), dtype="int32")
    vectors = keras.layers.Embedding(ROWS, WIDTH)(rows)
    model = keras.Model(rows, keras.layers.Dense(1)(vectors))
    model.compile(optimizer=optimizer, loss="mse")
    for batch in batches:
        model.train_on_batch(batch, batch[..., None] / ROWS)
    return [np.asarray(weights) for weights in model.get_weights()]


def drawn(rows: int, steps: int) -> list[npt.NDArray[np.int32]]:
    random = np.random.default_rng(5)
    return [random.integers(0, rows, (8, 4)).astype(np.int32) for _ in range(steps)]


def test_rows_that_every_batch_looks_up_move_as_with_adam() -> None:
    """Rows come several times in a batch."""
    batches = [np.arange(20, dtype=np.int32).reshape(5, 4).repeat(2, axis=0) for _ in range(30)]
    lazy, other = trained(LazyAdam(0.01), batches), trained(keras.optimizers.Adam(0.01), batches)
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
    whole = trained(keras.optimizers.Adam(0.01), [*drawn(10, 1), *drawn(5, 20)])
    assert not np.array_equal(whole[0][alone], trained(keras.optimizers.Adam(0.01), one)[0][alone])


def test_it_learns() -> None:
    def error(steps: int) -> float:
        table, weights, bias = trained(LazyAdam(0.02), drawn(ROWS, steps))
        found = table @ weights + bias
        return float(np.abs(found[:, 0] - np.arange(ROWS) / ROWS).mean())

    assert error(400) < 0.3 * error(0)


def test_it_is_written_and_read() -> None:
    found = keras.optimizers.deserialize(keras.optimizers.serialize(LazyAdam(0.25)))
    assert isinstance(found, LazyAdam) and float(found.learning_rate) == pytest.approx(0.25)


def test_what_it_would_pass_over_is_refused() -> None:
    with pytest.raises(ValueError, match=r"amsgrad=True, expected False; take keras.optimizers.Adam"):
        LazyAdam(amsgrad=True)
