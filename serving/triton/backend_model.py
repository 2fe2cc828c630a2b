"""What runs inside Triton's Python backend: requests in, one pass of the ensemble, answers out."""

from __future__ import annotations

import ctypes
import gc
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.ragged import Ragged
from ops_gpu.schema import ColumnSchema
from serving.ensemble import Answer, Ensemble
from serving.operators.base import STAGES, Columns
from serving.release import Release
from serving.request import MAX_ID_BYTES, complete

Array = npt.NDArray[Any]

_set_destructor = ctypes.pythonapi.PyCapsule_SetDestructor
_set_destructor.argtypes = [ctypes.py_object, ctypes.c_void_p]
_set_destructor.restype = ctypes.c_int


class TritonPythonModel:
    """The model of one release; Triton calls `initialize` once and `execute` with every list of requests.

    Triton's dynamic batching hands over what came in together. The requests are checked one by one, joined
    to one batch, answered in one pass and taken apart again; a bad request gets its own error and disturbs
    no other.
    """

    def initialize(self, args: dict[str, str]) -> None:
        """Opens the release that the model's configuration names, with all its checks."""
        import triton_python_backend_utils as pb_utils

        self._pb = pb_utils
        parameters = json.loads(args["model_config"])["parameters"]
        release = Release.open(Path(parameters["release_path"]["string_value"]))
        self._ensemble = Ensemble.of(release)
        self._hash = np.frombuffer(release.hash.encode(), np.uint8)
        # What is loaded stays: looking through it for garbage again and again would cost tens of ms each time.
        gc.collect()
        gc.freeze()

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """One response a request, in order."""
        batches = [self._read(request) for request in requests]
        answers = iter(self._answers([batch for batch in batches if not isinstance(batch, Exception)]))
        return [self._response(b if isinstance(b, Exception) else next(answers)) for b in batches]

    def _read(self, request: Any) -> Columns | Exception:
        try:
            tensors = {
                column.name: self._pb.get_input_tensor_by_name(request, column.name) for column in self._ensemble.inputs
            }
            columns = {
                column.name: from_wire(np.from_dlpack(tensors[column.name]), column)
                for column in self._ensemble.inputs
                if tensors[column.name] is not None
            }
            return complete(dict(columns), self._ensemble.inputs)
        except Exception as error:
            return error

    def _answers(self, batches: list[Columns]) -> list[dict[str, Array] | Exception]:
        """Answers of all batches in one pass; one by one where that fails, to find the one to blame."""
        if not batches:
            return []
        try:
            answer = self._ensemble.answer(join(batches))
        except Exception as error:
            if len(batches) == 1:
                return [error]
            return [single for batch in batches for single in self._answers([batch])]
        parts: list[dict[str, Array] | Exception] = []
        start = 0
        for batch in batches:
            rows = len(next(iter(batch.values())))
            limits = np.asarray(batch["k"]) if "k" in batch else None
            parts.append(to_wire(answer, slice(start, start + rows), limits, self._hash))
            start += rows
        return parts

    def _response(self, answer: dict[str, Array] | Exception) -> Any:
        if isinstance(answer, Exception):
            return self._pb.InferenceResponse(error=self._pb.TritonError(_sentence(answer)))
        return self._pb.InferenceResponse([self._tensor(name, value) for name, value in answer.items()])

    def _tensor(self, name: str, value: Array) -> Any:
        # The backend takes the memory over but renames the capsule in a way that numpy's destructor does
        # not know: it would print a traceback for every tensor. The memory is freed by the backend.
        capsule = value.__dlpack__()
        _set_destructor(capsule, None)
        return self._pb.Tensor.from_dlpack(name, capsule)


def from_wire(value: Array, column: ColumnSchema) -> Array:
    """A column `[n]` from a tensor `[n, 1]`, or from zero-padded bytes `[n, w]` for ids."""
    if column.dtype != "string":
        return value.reshape(len(value))
    width = value.shape[1]
    if not 1 <= width <= MAX_ID_BYTES:
        raise ValueError(f"Input {column.name!r} must be 1 to {MAX_ID_BYTES} bytes wide, got {width}.")
    return np.ascontiguousarray(value).view(f"S{width}").reshape(len(value))


def join(batches: Sequence[Columns]) -> Columns:
    """One batch of all rows; bytes of different widths take the widest."""
    if len(batches) == 1:
        return batches[0]
    return {name: np.concatenate([np.asarray(batch[name]) for batch in batches]) for name in batches[0]}


def to_wire(answer: Answer, rows: slice, limits: Array | None, release_hash: Array) -> dict[str, Array]:
    """The output tensors of some rows of an answer.

    Args:
        answer: with the list columns `item_id`, `score` and `source`.
        rows: the rows of one request.
        limits: how many items each of these rows asked for; the longest sets the width, at least 1.
        release_hash: 64 characters.
    """
    items, score, source = (_rows_of(answer.columns[name], rows) for name in ("item_id", "score", "source"))
    count = items.lengths
    width = int(limits.max() if limits is not None else max(1, count.max(initial=1)))
    if items.values.dtype.kind == "S":
        item_id = items.to_dense(width, b"").view(np.uint8).reshape(len(items), width, -1)
    else:
        item_id = items.with_values(items.values.astype(np.int64, copy=False)).to_dense(width, -1)
    stages = np.array([answer.stage_ms[stage] for stage in STAGES], np.float32)
    return {
        "item_id": item_id,
        "score": score.with_values(score.values.astype(np.float32, copy=False)).to_dense(width, np.nan),
        "source": source.to_dense(width, 0),
        "count": count.astype(np.int32)[:, None],
        "stage_ms": stages[None, :].repeat(len(items), axis=0),
        "release": release_hash[None, :].repeat(len(items), axis=0),
    }


def _rows_of(column: Any, rows: slice) -> Ragged:
    assert isinstance(column, Ragged)
    if rows.start == 0 and rows.stop == len(column):
        return column
    start, stop = column.offsets[rows.start], column.offsets[rows.stop]
    return Ragged(column.values[start:stop], column.offsets[rows.start : rows.stop + 1] - start)


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
