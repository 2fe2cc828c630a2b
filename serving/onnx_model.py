"""An ONNX model made ready for many small calls."""

from __future__ import annotations

from collections.abc import Sequence
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


class OnnxModel:
    """A model in ONNX Runtime, over any number of rows.

    For the small models of a recommender it takes two thirds of TensorFlow's time, and a server that has
    nothing else to run never loads TensorFlow.

    Args:
        path: the `.onnx` file; data only, custom operators are not known.
        inputs: names of its inputs in the order in which arrays will be given.
        threads: threads of one call.

    Raises:
        ValueError: when the file is no ONNX model, or the model has other inputs.
    """

    def __init__(self, path: Path, inputs: Sequence[str], threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
        except Exception as error:  # a class of its own for each of a dozen reasons
            raise ValueError(f"{path} is no model that ONNX Runtime can run: {error}") from error
        found = {value.name: value for value in self._session.get_inputs()}
        if set(found) != set(inputs):
            raise ValueError(
                f"The model {path.name} has the inputs {sorted(found)}, but the ensemble gives it "
                f"{sorted(inputs)}; build the release from one schema."
            )
        self._names = list(inputs)
        self._dtypes = [np.dtype(TYPES[found[name].type]) for name in inputs]
        self._shapes = [(-1, *found[name].shape[1:]) for name in inputs]
        self._output = [self._session.get_outputs()[0].name]

    def __call__(self, arrays: Sequence[Array]) -> npt.NDArray[np.float32]:
        """Output for arrays `[n, ...]` in the order of `inputs`; float32 `[n, ...]`."""
        given = {
            name: array.reshape(shape).astype(dtype, copy=False)
            for name, array, dtype, shape in zip(self._names, arrays, self._dtypes, self._shapes, strict=True)
        }
        return np.asarray(self._session.run(self._output, given)[0], np.float32)
