"""What runs inside Triton's Python backend: requests in, one pass of the ensemble, answers out."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from serving.ensemble.ensemble import Ensemble
from serving.request.columns import Columns
from serving.request.request import complete, join_requests
from serving.request.seed import seeded
from serving.triton.python_backend.answer_log import AnswerLog, decision_log
from serving.triton.python_backend.open_release import release_of_model
from serving.triton.python_backend.serving_metrics import ServingMetrics
from serving.triton.tensors.messages import read_id, read_tensor, respond
from serving.triton.tensors.own_memory import close_memory
from serving.triton.tensors.request_tensors import from_wire, to_wire

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Asked:
    """A request that can be answered.

    Args:
        request: its id.
        columns: its users.
    """

    request: str
    columns: Columns

    @property
    def users(self) -> int:
        """How many users it asks for."""
        return len(self.columns["user_id"])


class TritonPythonModel:
    """The model of one release; Triton calls `initialize` once and `execute` with every list of requests.

    Triton's dynamic batching hands over what came in together. The requests are checked one by one, joined
    to one batch, answered in one pass and taken apart again; a bad request gets its own error and disturbs
    no other.
    """

    def initialize(self, args: dict[str, str]) -> None:
        """Opens the release that the model's configuration names, with all its checks."""
        import triton_python_backend_utils as pb_utils

        close_memory()
        self._pb = pb_utils
        given = json.loads(args["model_config"])["parameters"]
        parameters = {key: value["string_value"] for key, value in given.items()}
        release = release_of_model(parameters)
        self._ensemble = Ensemble.of(release, tolerant=True)
        self._hash = np.frombuffer(release.hash.encode(), np.uint8)
        metrics = ServingMetrics(pb_utils, release.name, release.hash[:12], self._ensemble.store_metrics)
        log = decision_log(parameters, release, self._ensemble)
        self._journal = AnswerLog(metrics, log, int(parameters.get("warmup_requests", 0)))
        # The threads beside hold the interpreter for so long at most while a request waits.
        sys.setswitchinterval(5e-5)
        # What is loaded stays: looking through it for garbage again and again would cost tens of ms each time.
        gc.collect()
        gc.freeze()

    def finalize(self) -> None:
        """Writes what waits, when the model is unloaded."""
        self._journal.close()

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """One response a request, in order."""
        asked = [self._read(request) for request in requests]
        answers = iter(self._answers([one for one in asked if isinstance(one, Asked)]))
        return [respond(self._pb, one if isinstance(one, Exception) else next(answers)) for one in asked]

    def _read(self, request: Any) -> Asked | Exception:
        inputs = self._ensemble.inputs
        try:
            tensors = {column.name: read_tensor(self._pb, request, column.name) for column in inputs}
            columns: Columns = {
                column.name: from_wire(tensor, column)
                for column in inputs
                if (tensor := tensors[column.name]) is not None
            }
            return Asked(read_id(request) or self._journal.new_id(), seeded(complete(columns, inputs)))
        except Exception as error:
            self._journal.failed()
            return error

    def _answers(self, asked: list[Asked]) -> list[dict[str, Array] | Exception]:
        """Answers of all requests in one pass; one by one where that fails, to find the one to blame."""
        if not asked:
            return []
        batch = join_requests([one.columns for one in asked], self._ensemble.inputs)
        try:
            answer = self._ensemble.answer(batch)
        except Exception as error:
            if len(asked) == 1:
                self._journal.failed()
                return [error]
            return [single for one in asked for single in self._answers([one])]
        rows = [one.users for one in asked]
        self._journal.answered([one.request for one in asked], rows, batch, answer)
        parts: list[dict[str, Array] | Exception] = []
        start = 0
        for one, count in zip(asked, rows, strict=True):
            limits = np.asarray(one.columns["k"]) if "k" in one.columns else None
            parts.append(to_wire(answer, slice(start, start + count), limits, self._hash))
            start += count
        return parts
