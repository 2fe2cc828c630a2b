"""What runs inside Triton's Python backend: requests in, one pass of the ensemble, answers out."""

from __future__ import annotations

import gc
import itertools
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from serving.decision_log import DecisionLog, LogSettings
from serving.decisions import TEST
from serving.ensemble import Answer, Ensemble
from serving.evidence import Evidence, bit_names
from serving.operators.base import Columns, ragged
from serving.operators.softmax_sampling import with_fresh
from serving.release import Release
from serving.request import complete, join_requests
from serving.triton.background import Background
from serving.triton.messages import read_id, read_tensor, respond
from serving.triton.release_of_model import release_of_model
from serving.triton.request_tensors import from_wire, to_wire
from serving.triton.serving_metrics import ServingMetrics

Array = npt.NDArray[Any]
TOLD_EVERY, GATHERED_EVERY, WRITTEN_EVERY = 1.0, 0.1, 5.0
"""Seconds; what is to be logged is put together little by little, so that no request waits for much of it."""


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

        self._pb = pb_utils
        given = json.loads(args["model_config"])["parameters"]
        parameters = {key: value["string_value"] for key, value in given.items()}
        release = release_of_model(parameters)
        self._ensemble = Ensemble.of(release, tolerant=True)
        self._hash = np.frombuffer(release.hash.encode(), np.uint8)
        self._metrics = ServingMetrics(pb_utils, release.name, release.hash[:12], self._ensemble.store_metrics)
        self._log = _decision_log(parameters, release, self._ensemble)
        self._ids = request_ids(int(parameters.get("warmup_requests", 0)))
        self._telling = Background({self._metrics.flush: TOLD_EVERY})
        self._writing: Background | None = None
        if self._log is not None:
            self._writing = Background({self._log.gather: GATHERED_EVERY, self._write_log: WRITTEN_EVERY})
        # The threads beside hold the interpreter for so long at most while a request waits.
        sys.setswitchinterval(5e-5)
        # What is loaded stays: looking through it for garbage again and again would cost tens of ms each time.
        gc.collect()
        gc.freeze()

    def finalize(self) -> None:
        """Writes what waits, when the model is unloaded."""
        if self._writing is not None:
            self._writing.close()
        self._telling.close()  # after the last rows were counted

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
            return Asked(read_id(request) or self._ids(), seeded(complete(columns, inputs)))
        except Exception as error:
            self._metrics.counts["failed"] += 1
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
                self._metrics.counts["failed"] += 1
                return [error]
            return [single for one in asked for single in self._answers([one])]
        rows = [one.users for one in asked]
        self._count(rows, answer)
        if self._log is not None and self._writing is not None:
            self._log.record([one.request for one in asked], rows, batch, answer)
            if self._log.is_filling:
                self._writing.hurry()
        parts: list[dict[str, Array] | Exception] = []
        start = 0
        for one, count in zip(asked, rows, strict=True):
            limits = np.asarray(one.columns["k"]) if "k" in one.columns else None
            parts.append(to_wire(answer, slice(start, start + count), limits, self._hash))
            start += count
        return parts

    def _count(self, rows: Sequence[int], answer: Answer) -> None:
        counts, stages = self._metrics.counts, self._metrics.stage_ms
        counts["requests"] += len(rows)
        counts["users"] += sum(rows)
        counts["passes"] += 1
        counts["empty"] += int(np.count_nonzero(ragged(answer.columns, "item_id").lengths == 0))
        for stage, spent in answer.stage_ms.items():
            stages[stage] += spent

    def _write_log(self) -> None:
        if self._log is not None:
            self._log.flush()
            self._metrics.counts.update(logged=self._log.logged, dropped=self._log.dropped)


def seeded(columns: Columns) -> Columns:
    """Gives lists that are drawn a seed where the request named none, so that they can be drawn again."""
    if "seed" not in columns:
        return columns
    return {**columns, "seed": with_fresh(np.asarray(columns["seed"]))}


def request_ids(tests: int) -> Callable[[], str]:
    """Names requests that came without an id.

    Args:
        tests: how many of the first ones no user made: Triton's own warm-up comes before all others.
    """
    start, numbers = uuid4().hex[:16], itertools.count()
    marks = itertools.chain(itertools.repeat(TEST, tests), itertools.repeat(""))
    return lambda: f"{next(marks)}{start}{next(numbers):08x}"


def _decision_log(parameters: dict[str, str], release: Release, ensemble: Ensemble) -> DecisionLog | None:
    if not parameters.get("log_folder") or float(parameters["log_rate"]) == 0:
        return None
    folder, rate, days = Path(parameters["log_folder"]), float(parameters["log_rate"]), int(parameters["log_days"])
    return DecisionLog(LogSettings(folder, rate, days), release, Evidence(ensemble), bit_names(ensemble))
