from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from ops_gpu.models.layers.masked_mean import MaskedMean


def test_lists_are_averaged_over_what_they_hold() -> None:
    vectors = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    found = np.asarray(MaskedMean()(vectors, np.array([[5, 0, 6], [0, 0, 0]])))
    assert found.tolist() == [[2, 3], [0, 0]]


def test_a_saved_model_knows_it_again(tmp_path: Path) -> None:
    codes = keras.Input((3,), dtype="int32")
    model = keras.Model(codes, MaskedMean()(keras.layers.Embedding(9, 2)(codes), codes))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    asked = np.array([[5, 0, 6], [0, 0, 0]], np.int32)
    np.testing.assert_array_equal(np.asarray(again(asked)), np.asarray(model(asked)))
