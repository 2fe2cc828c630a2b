"""What runs inside Triton's Python backend for one segment of an ensemble."""

from __future__ import annotations

import gc
import json
from collections.abc import Sequence
from typing import Any

from serving.triton.python_backend.micro_batch import joined, jointly, rows
from serving.triton.python_backend.open_release import release_of_model
from serving.triton.python_backend.periodic_worker import PeriodicWorker
from serving.triton.python_backend.segment import Segment
from serving.triton.python_backend.serving_metrics import TOLD_EVERY, ServingMetrics
from serving.triton.tensors.column_pack import ColumnPack
from serving.triton.tensors.dlpack import Array
from serving.triton.tensors.messages import read_packs, respond
from serving.triton.tensors.own_memory import close_memory


class TritonPythonModel:
    """The model of one segment; Triton calls `initialize` once and `execute` with every list of requests.

    Requests that wait together are joined to one batch, answered in one pass and taken apart again; a bad one gets
    its own error and disturbs no other.
    """

    def initialize(self, args: dict[str, str]) -> None:
        """Opens the release, with all its checks, and loads of it what this segment's operators need."""
        import triton_python_backend_utils as pb_utils

        close_memory()
        self._pb = pb_utils
        config = json.loads(args["model_config"])
        parameters = {key: value["string_value"] for key, value in config["parameters"].items()}
        release = release_of_model(parameters)
        self._segment = Segment.from_dict(json.loads(parameters["step"])).bind(release)
        self._most = int(config["max_batch_size"])
        self._telling = None
        if self._segment.store_metrics():
            metrics = ServingMetrics(pb_utils, release.name, release.hash[:12], self._segment.store_metrics)
            self._telling = PeriodicWorker({metrics.flush: TOLD_EVERY})
        # What is loaded stays: looking through it for garbage again and again would cost tens of ms each time.
        gc.collect()
        gc.freeze()

    def finalize(self) -> None:
        """Tells what was counted, when the model is unloaded."""
        if self._telling is not None:
            self._telling.close()

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """One response a request, in order."""
        packs = [read_packs(self._pb, request, self._segment.givers) for request in requests]
        return [respond(self._pb, answer) for answer in jointly(packs, self._most, self._answers)]

    def _answers(self, packs: Sequence[ColumnPack]) -> list[dict[str, Array]]:
        columns, spent = self._segment.run(joined(packs))
        answers, start = [], 0
        for pack in packs:
            stop = start + len(pack)
            pack.stage_ms[self._segment.row] = spent
            own = {place: rows(column, start, stop) for place, column in columns.items()}
            answers.append({self._segment.name: ColumnPack(own, pack.stage_ms).to_tensor()})
            start = stop
        return answers
