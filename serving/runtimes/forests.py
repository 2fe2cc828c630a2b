"""Tree ensembles of three libraries, each from a format that holds data alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from serving.runtimes.onnx_model import OnnxModel

Floats = npt.NDArray[np.float32]


class Forest(ABC):
    """A model of trees over a matrix of features, made ready for many small calls.

    Args:
        path: its file.
        threads: threads of one call.

    Raises:
        ValueError: when the file holds no such model.
        ImportError: when the library that runs it is not installed.
    """

    names: Sequence[str] | None = None
    """Names of the features, in order, where the model has some of its own."""
    features: int | None
    """How many features it takes; None where it does not say."""

    @abstractmethod
    def __init__(self, path: Path, threads: int) -> None: ...

    @abstractmethod
    def __call__(self, matrix: Floats) -> npt.NDArray[Any]:
        """Numbers `[rows]` or `[rows, n]` for features `[rows, features]`, at least one row."""


class OnnxForest(Forest):
    """What scikit-learn and others have as ONNX: one matrix in; of several outputs the probabilities."""

    def __init__(self, path: Path, threads: int) -> None:
        self._model = OnnxModel(path, None, threads)
        if len(self._model.inputs) != 1:
            raise ValueError(
                f"{path.name} has the inputs {', '.join(self._model.inputs)}, expected one matrix of all features; "
                f"convert it with serving.runtimes.sklearn_export."
            )
        numbers = [name for name, tensor in self._model.outputs.items() if tensor.kind == "tensor(float)"]
        if not numbers:
            found = ", ".join(f"{name!r} of {tensor.kind}" for name, tensor in self._model.outputs.items())
            raise ValueError(
                f"{path.name} gives {found}, expected float numbers; convert it with "
                f"serving.runtimes.sklearn_export, or with zipmap switched off."
            )
        self._output = numbers[-1:]
        (tensor,) = self._model.inputs.values()
        self.features = tensor.shape[0] if tensor.shape else None

    def __call__(self, matrix: Floats) -> npt.NDArray[Any]:
        return self._model.run([matrix], self._output)[0]


class XgboostForest(Forest):
    """XGBoost's JSON or UBJSON, up to the best iteration where the training stopped early."""

    def __init__(self, path: Path, threads: int) -> None:
        import xgboost

        self._booster = xgboost.Booster({"nthread": threads})
        try:
            self._booster.load_model(path)
        except xgboost.core.XGBoostError as error:
            raise ValueError(f"{path} is no XGBoost model: {str(error).strip().splitlines()[-1]}") from error
        self._booster.set_param({"nthread": threads})
        self.names, self.features = self._booster.feature_names, self._booster.num_features()
        best = self._booster.attr("best_iteration")
        self._range = (0, 0 if best is None else int(best) + 1)

    def __call__(self, matrix: Floats) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = self._booster.inplace_predict(
            matrix, iteration_range=self._range, validate_features=False
        )
        return found


class LightgbmForest(Forest):
    """LightGBM's text."""

    def __init__(self, path: Path, threads: int) -> None:
        import lightgbm

        try:
            self._booster = lightgbm.Booster(model_file=path)
        except lightgbm.basic.LightGBMError as error:
            raise ValueError(f"{path} is no LightGBM model: {error}") from error
        names = list(self._booster.feature_name())
        made_up = [f"Column_{number}" for number in range(len(names))]
        self.names, self.features = None if names == made_up else names, len(names)
        self._threads = threads

    def __call__(self, matrix: Floats) -> npt.NDArray[Any]:
        return np.asarray(self._booster.predict(matrix, num_threads=self._threads))


FORESTS: dict[str, type[Forest]] = {
    ".onnx": OnnxForest,
    ".json": XgboostForest,
    ".ubj": XgboostForest,
    ".txt": LightgbmForest,
}
"""What reads a model, by the suffix of its file."""
