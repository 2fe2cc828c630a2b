"""What runs inside Triton's Python backend as the last step of an ensemble: the answer, as clients know it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from serving.ensemble import Answer
from serving.operators.base import STAGES
from serving.triton.dlpack import Array
from serving.triton.grouping import REQUEST_STEP
from serving.triton.messages import read_packs, respond
from serving.triton.request_tensors import to_wire


class TritonPythonModel:
    """Takes the columns of the graph's end and the times of all steps, and gives the tensors of the fused form."""

    def initialize(self, args: dict[str, str]) -> None:
        """Reads which columns make up the answer."""
        import triton_python_backend_utils as pb_utils

        self._pb = pb_utils
        parameters = json.loads(args["model_config"])["parameters"]
        step = json.loads(parameters["step"]["string_value"])
        self._givers = step["givers"]
        self._places = {name: tuple(place) for name, place in step["columns"].items()}
        self._hash = np.frombuffer(parameters["release"]["string_value"].encode(), np.uint8)

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """One response a request, in order."""
        return [respond(self._pb, self._answer(request)) for request in requests]

    def _answer(self, request: Any) -> dict[str, Array] | Exception:
        pack = read_packs(self._pb, request, self._givers)
        if isinstance(pack, Exception):
            return pack
        try:
            columns = {name: pack.columns[place] for name, place in self._places.items()}
            limits = pack.columns.get((REQUEST_STEP, "k"))
            spent = dict(zip(STAGES, pack.stage_ms.sum(axis=0).tolist(), strict=True))
            k = None if limits is None else np.asarray(limits)
            return to_wire(Answer(columns, spent), slice(0, len(pack)), k, self._hash)
        except Exception as error:
            return error
