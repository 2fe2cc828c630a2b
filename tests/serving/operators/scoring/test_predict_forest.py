from __future__ import annotations

import builtins
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.scoring.predict_forest import PredictForest

NAMES = ["age", "price", "stock", "time"]
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(300, 4)).astype(np.float32)
VALUE = (X[:, 0] * 2 + np.sin(X[:, 1])).astype(np.float64)
CLASS, GRADE = (VALUE > 0).astype(int), np.digitize(VALUE, [-1, 1])
SCHEMA = Schema(ColumnSchema(name, "float32") for name in NAMES)


def bound(folder: Path, model: str, schema: Schema = SCHEMA, width: int = 0, lists: bool = False) -> PredictForest:
    operator = PredictForest(model, schema.to_dict(), "score", width, lists=lists)
    release: Any = SimpleNamespace(part=lambda name: folder / name)
    operator.bind(release)
    return operator


def given(rows: slice = slice(None)) -> dict[str, Any]:
    return {name: X[rows, place] for place, name in enumerate(NAMES)}


def of_sklearn(kind: str, target: Any, folder: Path) -> tuple[str, Any]:
    ensembles = pytest.importorskip("sklearn.ensemble", reason="scikit-learn is not installed (extra `forests`)")
    pytest.importorskip("skl2onnx", reason="skl2onnx is not installed (extra `forests`)")
    from serving.runtimes.sklearn_export import export_sklearn

    model = getattr(ensembles, kind)(random_state=0).fit(X, target)
    export_sklearn(model, 4, folder / "model.onnx")
    return "model.onnx", model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def of_xgboost(objective: str, target: Any, folder: Path, suffix: str = "ubj") -> tuple[str, Any]:
    xgboost = pytest.importorskip("xgboost", reason="XGBoost is not installed (extra `forests`)")
    rows = xgboost.DMatrix(X, target, feature_names=NAMES)
    classes = {"num_class": 3} if objective.startswith("multi") else {}
    booster = xgboost.train({"objective": objective, **classes}, rows, 10)
    booster.save_model(folder / f"model.{suffix}")
    return f"model.{suffix}", booster.predict(rows)


def of_lightgbm(objective: str, target: Any, folder: Path) -> tuple[str, Any]:
    lightgbm = pytest.importorskip("lightgbm", reason="LightGBM is not installed (extra `forests`)")
    classes = {"num_class": 3} if objective == "multiclass" else {}
    settings = {"objective": objective, "verbose": -1, **classes}
    booster = lightgbm.train(settings, lightgbm.Dataset(X, target), 10)
    booster.save_model(folder / "model.txt")
    return "model.txt", booster.predict(X)


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: of_sklearn("RandomForestRegressor", VALUE, folder),
        lambda folder: of_sklearn("RandomForestClassifier", CLASS, folder),
        lambda folder: of_sklearn("HistGradientBoostingClassifier", GRADE, folder),
        lambda folder: of_xgboost("reg:squarederror", VALUE, folder),
        lambda folder: of_xgboost("binary:logistic", CLASS, folder, "json"),
        lambda folder: of_xgboost("multi:softprob", GRADE, folder),
        lambda folder: of_lightgbm("regression", VALUE, folder),
        lambda folder: of_lightgbm("binary", CLASS, folder),
        lambda folder: of_lightgbm("multiclass", GRADE, folder),
    ],
)
def test_it_gives_what_its_library_gives_for_any_rows(make: Any, tmp_path: Path) -> None:
    model, expected = make(tmp_path)
    if expected.shape[1:] == (2,):  # one number a row is the probability of the second class
        expected = expected[:, 1]
    predict = bound(tmp_path, model, width=expected.shape[1] if expected.ndim == 2 else 0)
    found = predict.transform(given())["score"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)  # type: ignore[arg-type]
    for row in (0, 7):  # trees are added up in one order: bit for bit
        np.testing.assert_array_equal(predict.transform(given(slice(row, row + 1)))["score"][0], found[row])  # type: ignore[index]
    nothing = predict.transform(given(slice(0, 0)))["score"]
    assert isinstance(nothing, np.ndarray) and nothing.shape == (0, *expected.shape[1:])


def test_an_early_stop_is_kept(tmp_path: Path) -> None:
    xgboost = pytest.importorskip("xgboost", reason="XGBoost is not installed (extra `forests`)")
    model = xgboost.XGBRegressor(n_estimators=200, early_stopping_rounds=2, learning_rate=0.9)
    model.fit(X[:200], VALUE[:200], eval_set=[(X[200:], VALUE[200:])], verbose=False)
    assert model.best_iteration < 198
    model.save_model(tmp_path / "model.ubj")
    found = bound(tmp_path, "model.ubj").transform(given())["score"]
    np.testing.assert_allclose(found, model.predict(X), rtol=1e-6)  # type: ignore[arg-type]


def test_lists_and_vectors_and_whole_numbers(tmp_path: Path) -> None:
    model, _ = of_lightgbm("regression", VALUE, tmp_path)
    schema = Schema(
        [
            ColumnSchema("first", "float32", properties={"width": 2}),
            ColumnSchema("stock", "int64"),
            ColumnSchema("time", "float64"),
        ]
    )
    predict = bound(tmp_path, model, schema, lists=True)
    rows = Ragged.from_lists([[0, 1], [], [2]], np.int64)
    whole = X[:3].round().astype(np.int64)
    columns = {"first": X[:3, :2], "stock": whole[:, 2], "time": X[:3, 3].astype(np.float64)}
    found = predict.transform({name: rows.with_values(values) for name, values in columns.items()})["score"]
    assert isinstance(found, Ragged) and found.lengths.tolist() == [2, 0, 1]
    plain = bound(tmp_path, model).transform({**given(slice(0, 3)), "stock": whole[:, 2].astype(np.float32)})["score"]
    np.testing.assert_array_equal(found.values, plain)


def test_what_does_not_match_names_both(tmp_path: Path) -> None:
    model, _ = of_xgboost("multi:softprob", GRADE, tmp_path)
    with pytest.raises(ValueError, match=r"takes 4 features, but PredictForest gives it 3: age, price, stock"):
        bound(tmp_path, model, SCHEMA.excluding("time"), 3)
    with pytest.raises(ValueError, match=r"fitted on the features age, price, stock, time, but .* gives it price, age"):
        bound(tmp_path, model, SCHEMA.select_by_name(["price", "age", "stock", "time"]), 3)
    with pytest.raises(ValueError, match=r"told that model.ubj gives 1 numbers a row, it gives 3; set width=3"):
        bound(tmp_path, model)


@pytest.mark.parametrize(("suffix", "library"), [("ubj", "xgboost"), ("json", "xgboost"), ("txt", "lightgbm")])
def test_a_file_that_holds_no_model_is_named(tmp_path: Path, suffix: str, library: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed (extra `forests`)")
    (tmp_path / f"model.{suffix}").write_text("{}" if suffix == "json" else "nothing of the kind")
    with pytest.raises(ValueError, match=rf"model.{suffix} is no (XGBoost|LightGBM) model"):
        bound(tmp_path, f"model.{suffix}")


def test_a_library_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "lightgbm":
            raise ModuleNotFoundError("No module named 'lightgbm'", name="lightgbm")
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"needs lightgbm for model.txt; install the extra `forests`"):
        bound(tmp_path, "model.txt")


def test_what_could_hold_code_or_no_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match=r"reads \.onnx, \.json, \.ubj, \.txt, got 'model.pkl'"):
        PredictForest("model.pkl", SCHEMA.to_dict(), "score")
    with pytest.raises(ValueError, match="takes numbers; 'city' is string"):
        PredictForest("model.txt", Schema([ColumnSchema("city", "string")]).to_dict(), "score")
    with pytest.raises(ValueError, match="takes numbers; name its inputs"):
        PredictForest("model.txt", Schema().to_dict(), "score")


def test_a_classifier_with_its_labels_as_a_map_is_refused(tmp_path: Path) -> None:
    ensembles = pytest.importorskip("sklearn.ensemble", reason="scikit-learn is not installed (extra `forests`)")
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed (extra `forests`)")
    model = ensembles.RandomForestClassifier(2).fit(X, CLASS)
    (tmp_path / "model.onnx").write_bytes(skl2onnx.to_onnx(model, X[:1]).SerializeToString())
    with pytest.raises(ValueError, match="zipmap switched off"):
        bound(tmp_path, "model.onnx")


def test_what_scikit_learn_cannot_write_is_said(tmp_path: Path) -> None:
    ensembles = pytest.importorskip("sklearn.ensemble", reason="scikit-learn is not installed (extra `forests`)")
    pytest.importorskip("skl2onnx", reason="skl2onnx is not installed (extra `forests`)")
    from serving.runtimes.sklearn_export import export_sklearn

    with pytest.raises(ValueError, match="fitted on 4 features, and 3 are named"):
        export_sklearn(ensembles.RandomForestRegressor(2).fit(X, VALUE), 3, tmp_path / "model.onnx")
    with pytest.raises(ValueError, match=r"object cannot be written as model.onnx"):
        export_sklearn(object(), 3, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
