from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ops_gpu.primitives.ragged import Ragged
from serving.operators.scoring.predict_tensorflow import PredictTensorflow
from serving.request.columns import Columns
from serving.runtimes import tensorflow_model as traced_model
from serving.runtimes.onnx_export import export_onnx

runtimes = pytest.mark.parametrize("runtime", ["tensorflow", "onnx"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import keras

    folder = tmp_path_factory.mktemp("model")
    code = keras.Input((), dtype="int32", name="code")
    price = keras.Input((1,), name="price")
    vector = keras.layers.Embedding(5, 3)(code)
    output = keras.layers.Dense(2)(keras.ops.concatenate([vector, price], axis=-1))
    keras.Model({"code": code, "price": price}, output).save(folder / "model.keras")
    assert export_onnx(folder / "model.keras", folder / "model.onnx")
    unsafe = keras.Sequential([keras.Input((1,), name="x"), keras.layers.Lambda(lambda x: x + 1)])
    unsafe.save(folder / "unsafe.keras")
    return folder


def bound(folder: Path, operator: PredictTensorflow) -> PredictTensorflow:
    release: Any = SimpleNamespace(part=lambda name: folder / name)
    operator.bind(release)
    return operator


@runtimes
def test_any_number_of_rows_gives_what_the_model_gives(folder: Path, runtime: str) -> None:
    import keras

    predict = bound(folder, PredictTensorflow("model.keras", ("price", "code"), "vector", 2, runtime=runtime))
    model = keras.saving.load_model(folder / "model.keras")
    for rows in (1, 3, 0):
        code, price = np.arange(rows, dtype=np.int64) % 5, np.linspace(0, 1, rows)
        found = predict.transform({"code": code, "price": price})["vector"]
        expected = model({"code": code.astype(np.int32), "price": price[:, None].astype(np.float32)})
        assert isinstance(found, np.ndarray) and found.shape == (rows, 2)
        np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-5)


def test_a_model_too_large_to_be_frozen_gives_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: Columns = {"code": np.array([1, 4]), "price": np.array([0.5, 2.0])}
    operator = PredictTensorflow("model.keras", ("price", "code"), "vector", 2)
    frozen = bound(folder, operator).transform(given)["vector"]
    monkeypatch.setattr(traced_model, "FROZEN_UP_TO", 0)
    np.testing.assert_allclose(bound(folder, operator).transform(given)["vector"], frozen, rtol=1e-5)  # type: ignore[arg-type]


@runtimes
def test_lists_go_in_and_come_out_with_their_rows(folder: Path, runtime: str) -> None:
    operator = PredictTensorflow("model.keras", ("price", "code"), "vector", 2, lists=True, runtime=runtime)
    predict = bound(folder, operator)
    code = Ragged.from_lists([[1, 2], [], [1]], np.int32)
    price = code.with_values(np.array([0.5, 1.0, 0.5], np.float32))
    result = predict.transform({"code": code, "price": price})["vector"]
    assert isinstance(result, Ragged) and result.lengths.tolist() == [2, 0, 1]
    np.testing.assert_array_equal(result[0][0], result[2][0])


@runtimes
def test_other_inputs_than_the_model_has_are_refused(folder: Path, runtime: str) -> None:
    with pytest.raises(ValueError, match=r"inputs \['code', 'price'\], but the ensemble gives it \['code'\]"):
        bound(folder, PredictTensorflow("model.keras", ("code",), "vector", runtime=runtime))


def test_a_model_that_holds_code_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="safe"):
        bound(folder, PredictTensorflow("unsafe.keras", ("x",), "y"))


def test_a_damaged_onnx_file_is_named(folder: Path) -> None:
    (folder / "damaged.onnx").write_bytes((folder / "model.onnx").read_bytes()[:100])
    with pytest.raises(ValueError, match=r"damaged.onnx is no model that ONNX Runtime can run"):
        bound(folder, PredictTensorflow("damaged.keras", ("code",), "vector", runtime="onnx"))


def test_an_unknown_runtime_is_refused() -> None:
    with pytest.raises(ValueError, match="runtime must be one of tensorflow, onnx"):
        PredictTensorflow("m.keras", ("x",), "y", runtime="torch")


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(ValueError, match="timed_as must be one of features"):
        PredictTensorflow("m.keras", ("x",), "y", timed_as="dreaming")
