"""PredictTensorflow: a Keras model inside an ensemble."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need
from serving.operators.scoring.predict import Array, Predict
from serving.runtimes.onnx_model import OnnxModel
from serving.runtimes.tensorflow_model import TensorflowModel

if TYPE_CHECKING:
    from serving.release.release import Release

RUNTIMES: dict[str, tuple[str, Callable[[Path, Sequence[str], int], TensorflowModel | OnnxModel]]] = {
    "tensorflow": (".keras", TensorflowModel),
    "onnx": (".onnx", OnnxModel),
}


@dataclass
class PredictTensorflow(Predict):
    """Calls a Keras model on columns of its inputs' names.

    It runs in TensorFlow (the `.keras` file, loaded in safe mode and traced once for any number of rows, so
    that no request waits for a trace), or in ONNX Runtime (the `.onnx` file beside it, made by
    `serving.runtimes.onnx_export`), which takes two thirds of the time and no TensorFlow in the server.

    Args:
        model: relative path of the `.keras` file in the release.
        inputs: names of the model's inputs, each a column.
        output: name of the column given.
        width: length of the output vector; 0 for one number a row.
        runtime: `tensorflow` or `onnx`.
        lists: as in `Predict`, and so are `timed_as` and `threads`.

    Raises:
        ValueError: when the model's inputs are not those declared.

    Example:
        >>> vector = user >> PredictTensorflow("query_model/model.keras", ("user_id", "age"), "query_vector", 32)
    """

    model: str
    inputs: tuple[str, ...]
    output: str
    width: int = 0
    runtime: str = "tensorflow"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.runtime not in RUNTIMES:
            raise ValueError(f"runtime must be one of {', '.join(RUNTIMES)}, got {self.runtime!r}.")

    @property
    def takes(self) -> Sequence[Need]:
        return [Need(name, is_list=self.lists) for name in self.inputs]

    @property
    def gives(self) -> Schema:
        return Schema([ColumnSchema(self.output, "float32", properties={"width": self.width} if self.width else {})])

    def bind(self, release: Release) -> None:
        suffix, load = RUNTIMES[self.runtime]
        path = release.part(str(Path(self.model).with_suffix(suffix)))
        self._call = load(path, self.inputs, self.threads)

    def predict(self, arrays: Sequence[Array]) -> Sequence[Array]:
        return [self._call(arrays)]
