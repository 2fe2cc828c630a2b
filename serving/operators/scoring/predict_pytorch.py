"""PredictPyTorch: a PyTorch model inside an ensemble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need
from serving.operators.scoring.predict import Array, Predict
from serving.runtimes.onnx_model import OnnxModel, OnnxTensor

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class PredictPyTorch(Predict):
    """Calls a PyTorch model, which enters a release as ONNX (`serving.runtimes.pytorch_export`), in ONNX Runtime.

    Merlin Systems' operator of this name loaded TorchScript, which is a program; an ONNX file is data. Its
    `input_schema` and `output_schema` are `inputs` and `outputs` here, as of other operators, and what they say is
    compared with the model.

    Args:
        model: relative path of the `.onnx` file in the release.
        inputs: schema of the model's inputs, each a column of its name, as `Schema.to_dict` writes it; a vector has
            its length as property `width`.
        outputs: schema of those outputs that are wanted, each given as a column of its name.
        lists: as in `Predict`, and so are `timed_as` and `threads`.

    Raises:
        ValueError: for no input or output; by `bind`, when the model's inputs, outputs or types are not those of the
            schemas, naming both.

    Example:
        >>> inputs = Schema([ColumnSchema("user_id", "int32"), ColumnSchema("age", "float32")])
        >>> outputs = Schema([ColumnSchema("query_vector", "float32", properties={"width": 32})])
        >>> vector = user >> PredictPyTorch("query_model/model.onnx", inputs.to_dict(), outputs.to_dict())
    """

    model: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]

    def __post_init__(self) -> None:
        super().__post_init__()
        self._inputs, self._outputs = Schema.from_dict(self.inputs), Schema.from_dict(self.outputs)
        if not len(self._inputs) or not len(self._outputs):
            raise ValueError(f"{self.name} of {self.model} needs at least one input and one output; name them.")

    @property
    def takes(self) -> Sequence[Need]:
        return [Need(column.name, (column.dtype,), self.lists) for column in self._inputs]

    @property
    def gives(self) -> Schema:
        return self._outputs

    def bind(self, release: Release) -> None:
        self._model = OnnxModel(release.part(self.model), self._inputs.names, self.threads)
        for column in self._inputs:
            self._compare("input", column, self._model.inputs[column.name])
        for column in self._outputs:
            if column.name not in self._model.outputs:
                raise ValueError(
                    f"{self.name} gives the output {column.name!r} of {self.model}, which has "
                    f"{', '.join(self._model.outputs)}; name the outputs when the model is exported."
                )
            self._compare("output", column, self._model.outputs[column.name])

    def predict(self, arrays: Sequence[Array]) -> Sequence[Array]:
        return self._model.run(arrays, self._outputs.names)

    def _compare(self, what: str, column: ColumnSchema, tensor: OnnxTensor) -> None:
        """Whole numbers go with whole numbers of any width, others with others; one a row may be `[rows, 1]`."""
        width = column.properties.get("width", 0)
        sizes = [size for size in tensor.shape if size != 1]
        fits = sizes in ([width], [None]) if width else not sizes
        kind = None if tensor.dtype is None else tensor.dtype.kind
        if kind != column.numpy_dtype.kind or not fits or (width and len(tensor.shape) != 1):
            said = f"{column.dtype} [rows{f', {width}' if width else ''}]"
            raise ValueError(
                f"{self.name} was told that the {what} {column.name!r} of {self.model} is {said}, but the model's is "
                f"{tensor}; build ensemble and model from one schema."
            )
