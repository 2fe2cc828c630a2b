"""PredictTensorflow: a Keras model inside an ensemble."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops_gpu.ragged import Ragged
from ops_gpu.schema import ColumnSchema, Schema
from serving.onnx_model import OnnxModel
from serving.operators.base import STAGES, Columns, Need, ServingOperator
from serving.traced_model import TracedModel

if TYPE_CHECKING:
    from serving.release import Release

RUNTIMES: dict[str, tuple[str, Callable[[Path, Sequence[str], int], TracedModel | OnnxModel]]] = {
    "tensorflow": (".keras", TracedModel),
    "onnx": (".onnx", OnnxModel),
}


@dataclass
class PredictTensorflow(ServingOperator):
    """Calls a Keras model on columns of its inputs' names.

    It runs in TensorFlow (the `.keras` file, loaded in safe mode and traced once for any number of rows, so
    that no request waits for a trace), or in ONNX Runtime (the `.onnx` file beside it, made by
    `serving.onnx_export`), which takes two thirds of the time and no TensorFlow in the server. With list columns as
    inputs every list element is a row of the model, and the output is a list column.

    Args:
        model: relative path of the `.keras` file in the release.
        inputs: names of the model's inputs, each a column.
        output: name of the column given.
        width: length of the output vector; 0 for one number a row.
        lists: whether the inputs are list columns (candidates) or scalar ones (users).
        timed_as: the stage under which its time is reported.
        threads: threads of one call; for small models, handing work to another thread costs more than the
            work.
        runtime: `tensorflow` or `onnx`.

    Raises:
        ValueError: when the model's inputs are not those declared.

    Example:
        >>> vector = user >> PredictTensorflow("towers/query.keras", ("user_id", "age"), "query_vector", 32)
    """

    model: str
    inputs: tuple[str, ...]
    output: str
    width: int = 0
    lists: bool = False
    timed_as: str = "scoring"
    threads: int = 1
    runtime: str = "tensorflow"

    def __post_init__(self) -> None:
        if self.runtime not in RUNTIMES:
            raise ValueError(f"runtime must be one of {', '.join(RUNTIMES)}, got {self.runtime!r}.")
        if self.timed_as not in STAGES:
            raise ValueError(f"timed_as must be one of {', '.join(STAGES)}, got {self.timed_as!r}.")

    @property
    def stage(self) -> str:  # type: ignore[override]
        """The stage given by `timed_as`."""
        return self.timed_as

    def needs(self) -> tuple[Need, ...]:
        return tuple(Need(name, is_list=self.lists) for name in self.inputs)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (self.output,)

    def output_schema(self, schema: Schema) -> Schema:
        properties = {"width": self.width} if self.width else {}
        return Schema([ColumnSchema(self.output, "float32", is_list=self.lists, properties=properties)])

    def bind(self, release: Release) -> None:
        suffix, load = RUNTIMES[self.runtime]
        path = release.part(str(Path(self.model).with_suffix(suffix)))
        self._call = load(path, self.inputs, self.threads)

    def transform(self, columns: Columns) -> Columns:
        given = [columns[name] for name in self.inputs]
        values = self._call([column.values if isinstance(column, Ragged) else column for column in given])
        if not self.width:
            values = values.reshape(len(values))
        first = given[0]
        return {self.output: first.with_values(values) if isinstance(first, Ragged) else values}
