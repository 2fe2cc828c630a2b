"""What runs inside Triton's Python backend as the last step of an ensemble: the answer, as clients know it."""

from __future__ import annotations

import gc
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from serving.ensemble.ensemble import FILE, Ensemble, EnsembleAnswer
from serving.ensemble.ensemble_plan import Place
from serving.operators.base import STAGES
from serving.operators.ordering.decode_items import DecodeItems
from serving.request.columns import Column, Columns
from serving.triton.python_backend.answer_log import AnswerLog, decision_log, is_logged
from serving.triton.python_backend.open_release import release_of_model
from serving.triton.python_backend.segmentation import REQUEST_STEP
from serving.triton.python_backend.serving_metrics import ServingMetrics
from serving.triton.tensors.dlpack import Array
from serving.triton.tensors.messages import read_id, read_packs, respond
from serving.triton.tensors.own_memory import close_memory
from serving.triton.tensors.request_tensors import to_wire


class TritonPythonModel:
    """Takes the columns of the graph's end and the times of all steps, and gives the tensors of the fused form.

    Where decisions are logged it takes all columns that tell how an answer came about, and logs them.
    """

    def initialize(self, args: dict[str, str]) -> None:
        """Reads which columns make up the answer, and opens the log."""
        import triton_python_backend_utils as pb_utils

        close_memory()
        self._pb = pb_utils
        given = json.loads(args["model_config"])["parameters"]
        parameters = {key: value["string_value"] for key, value in given.items()}
        step = json.loads(parameters["step"])
        self._givers = step["givers"]
        self._places = {name: tuple(place) for name, place in step["columns"].items()}
        release = release_of_model(parameters)
        self._hash = np.frombuffer(release.hash.encode(), np.uint8)
        log = None
        if is_logged(parameters):
            log = decision_log(parameters, release, Ensemble.load(release.part(FILE)).bind(release, only=DecodeItems))
        self._journal = AnswerLog(ServingMetrics(pb_utils, release.name, release.hash[:12]), log)
        # What is loaded stays: looking through it for garbage again and again would cost tens of ms each time.
        gc.collect()
        gc.freeze()

    def finalize(self) -> None:
        """Writes what waits, when the model is unloaded."""
        self._journal.close()

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """One response a request, in order."""
        return [respond(self._pb, self._answer(request)) for request in requests]

    def _answer(self, request: Any) -> dict[str, Array] | Exception:
        pack = read_packs(self._pb, request, self._givers)
        if isinstance(pack, Exception):
            return pack
        try:
            batch, steps = _by_step(pack.columns)
            columns = {name: pack.columns[place] for name, place in self._places.items()}
            spent = dict(zip(STAGES, pack.stage_ms.sum(axis=0).tolist(), strict=True))
            answer = EnsembleAnswer(columns, spent, steps)
            k = np.asarray(batch["k"]) if "k" in batch else None
            tensors = to_wire(answer, slice(0, len(pack)), k, self._hash)
            self._journal.answered([read_id(request) or self._journal.new_id()], [len(pack)], batch, answer)
            return tensors
        except Exception as error:
            self._journal.failed()
            return error


def _by_step(columns: Mapping[Place, Column]) -> tuple[Columns, tuple[Columns, ...]]:
    """The columns of the request, and what has come of those of each step, by its number."""
    found: dict[int, Columns] = {REQUEST_STEP: {}}
    for (step, name), column in columns.items():
        found.setdefault(step, {})[name] = column
    return found[REQUEST_STEP], tuple(found.get(step, {}) for step in range(max(found) + 1))
