"""What runs inside Triton's Python backend as the first step of an ensemble: is this a request?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from ops_gpu.schema.schema import Schema
from serving.operators.base import STAGES
from serving.request.request import complete
from serving.request.seed import seeded
from serving.triton.python_backend.segmentation import REQUEST, REQUEST_STEP
from serving.triton.tensors.column_pack import ColumnPack
from serving.triton.tensors.dlpack import Array
from serving.triton.tensors.messages import read_id, read_tensor, respond
from serving.triton.tensors.own_memory import close_memory
from serving.triton.tensors.request_tensors import from_wire


class TritonPythonModel:
    """Checks each request, adds what it left out, and gives its columns as a pack of users."""

    def initialize(self, args: dict[str, str]) -> None:
        """Reads what a request must look like."""
        import triton_python_backend_utils as pb_utils

        close_memory()
        self._pb = pb_utils
        step = json.loads(json.loads(args["model_config"])["parameters"]["step"]["string_value"])
        self._inputs = Schema.from_dict(step["inputs"])
        self._segments = int(step["segments"])

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """One response a request, in order."""
        return [respond(self._pb, self._pack(request)) for request in requests]

    def _pack(self, request: Any) -> dict[str, Array] | Exception:
        try:
            read_id(request)
            tensors = {column.name: read_tensor(self._pb, request, column.name) for column in self._inputs}
            given = {name: from_wire(t, self._inputs[name]) for name, t in tensors.items() if t is not None}
            columns = seeded(complete(dict(given), self._inputs))
            nothing = np.zeros((self._segments, len(STAGES)), np.float32)
            pack = ColumnPack({(REQUEST_STEP, name): column for name, column in columns.items()}, nothing)
            return {REQUEST: pack.to_tensor()}
        except Exception as error:
            return error
