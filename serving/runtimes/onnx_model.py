"""An ONNX model made ready for many small calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


@dataclass(frozen=True)
class OnnxTensor:
    """An input or output of a model.

    Args:
        kind: its type, as ONNX writes it.
        shape: sizes without the rows; None for one that is open.
    """

    kind: str
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        return f"{self.kind} [{', '.join(['rows', *(str(size or 'any') for size in self.shape)])}]"

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """Type of its elements; None for one that is no tensor of numbers."""
        return np.dtype(TYPES[self.kind]) if self.kind in TYPES else None


class OnnxModel:
    """A model in ONNX Runtime, over any number of rows.

    For the small models of a recommender it takes two thirds of TensorFlow's time, and a server that has
    nothing else to run never loads TensorFlow.

    Args:
        path: the `.onnx` file; data only, custom operators are not known.
        inputs: names of its inputs in the order in which arrays will be given; None for the model's own order.
        threads: threads of one call.

    Raises:
        ValueError: when the file is no ONNX model, or the model has other inputs.
    """

    def __init__(self, path: Path, inputs: Sequence[str] | None, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
        except Exception as error:  # a class of its own for each of a dozen reasons
            raise ValueError(f"{path} is no model that ONNX Runtime can run: {error}") from error
        self.inputs = {value.name: _tensor(value) for value in self._session.get_inputs()}
        self.outputs = {value.name: _tensor(value) for value in self._session.get_outputs()}
        self._names = list(self.inputs if inputs is None else inputs)
        if set(self.inputs) != set(self._names):
            raise ValueError(
                f"The model {path.name} has the inputs {sorted(self.inputs)}, but the ensemble gives it "
                f"{sorted(self._names)}; build the release from one schema."
            )
        unusable = next((name for name in self._names if self.inputs[name].dtype is None), None)
        if unusable is not None:
            raise ValueError(
                f"The model {path.name} has the input {unusable!r} of {self.inputs[unusable]}, expected one of "
                f"{', '.join(TYPES)}."
            )
        self._taken = [(name, self.inputs[name].dtype, _shape(self.inputs[name])) for name in self._names]
        self._first = [next(iter(self.outputs))]

    def __call__(self, arrays: Sequence[Array]) -> npt.NDArray[np.float32]:
        """First output for arrays `[n, ...]` in the order of `inputs`; float32 `[n, ...]`."""
        return np.asarray(self.run(arrays, self._first)[0], np.float32)

    def run(self, arrays: Sequence[Array], outputs: Sequence[str]) -> list[Array]:
        """Some outputs, by name, for arrays `[n, ...]` in the order of `inputs`."""
        feeds = {
            name: (array if shape is None else array.reshape(shape)).astype(dtype, copy=False)
            for (name, dtype, shape), array in zip(self._taken, arrays, strict=True)
        }
        results: list[Array] = self._session.run(list(outputs), feeds)
        return results


def _shape(tensor: OnnxTensor) -> tuple[int, ...] | None:
    """What an input must be brought to; None where its sizes are open, so that it is taken as it comes."""
    sizes = [size for size in tensor.shape if size]
    return (-1, *sizes) if len(sizes) == len(tensor.shape) else None


def _tensor(value: Any) -> OnnxTensor:
    shape = value.shape[1:] if isinstance(value.shape, list) else []
    return OnnxTensor(value.type, tuple(size if isinstance(size, int) else None for size in shape))
