"""AnswerLog: what a model tells of its answers, as metrics and in the decision log."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np

from serving.decisions.reader import TEST
from serving.decisions.trace import Trace, bit_names
from serving.decisions.writer import DecisionLog, LogSettings
from serving.ensemble.ensemble import Ensemble, EnsembleAnswer
from serving.release.release import Release
from serving.request.columns import Columns, ragged
from serving.triton.python_backend.periodic_worker import PeriodicWorker
from serving.triton.python_backend.serving_metrics import TOLD_EVERY, ServingMetrics

GATHERED_EVERY, WRITTEN_EVERY = 0.1, 5.0
"""Seconds; what is to be logged is put together little by little, so that no request waits for much of it."""


class AnswerLog:
    """Takes note of answers at the cost of some additions; threads beside tell Triton and write the log.

    Args:
        metrics: of the release.
        log: its decision log; None where nothing is logged.
        tests: how many of the first requests without an id no user made: Triton's own warm-up comes before all others.
    """

    def __init__(self, metrics: ServingMetrics, log: DecisionLog | None, tests: int = 0) -> None:
        self._metrics, self._log = metrics, log
        self.new_id = request_ids(tests)
        self._telling = PeriodicWorker({metrics.flush: TOLD_EVERY})
        self._writing: PeriodicWorker | None = None
        if log is not None:
            self._writing = PeriodicWorker({log.gather: GATHERED_EVERY, self.write: WRITTEN_EVERY})

    def failed(self) -> None:
        """Counts a request that could not be answered."""
        self._metrics.counts["failed"] += 1

    def answered(self, requests: Sequence[str], rows: Sequence[int], batch: Columns, answer: EnsembleAnswer) -> None:
        """Notes a pass; see `DecisionLog.record`."""
        counts, stages = self._metrics.counts, self._metrics.stage_ms
        counts["requests"] += len(rows)
        counts["users"] += sum(rows)
        counts["passes"] += 1
        counts["empty"] += int(np.count_nonzero(ragged(answer.columns, "item_id").lengths == 0))
        for stage, spent in answer.stage_ms.items():
            stages[stage] += spent
        if self._log is not None and self._writing is not None:
            self._log.record(requests, rows, batch, answer)
            if self._log.is_filling:
                self._writing.hurry()

    def close(self) -> None:
        """Ends the threads, after all was written and told."""
        if self._writing is not None:
            self._writing.close()
        self._telling.close()  # after the last rows were counted

    def write(self) -> None:
        """Writes what waits, and counts it."""
        if self._log is not None:
            self._log.flush()
            self._metrics.counts.update(logged=self._log.logged, dropped=self._log.dropped)


def is_logged(parameters: Mapping[str, str]) -> bool:
    """Whether a model's parameters ask for a decision log; see `ModelSettings.log_parameters`."""
    return bool(parameters.get("log_folder")) and float(parameters["log_rate"]) > 0


def decision_log(parameters: Mapping[str, str], release: Release, ensemble: Ensemble) -> DecisionLog | None:
    """The log that a model's parameters ask for.

    Args:
        parameters: of the model's configuration.
        release: that answers.
        ensemble: of it; the operators that `Evidence` needs are bound.
    """
    if not is_logged(parameters):
        return None
    folder, rate, days = Path(parameters["log_folder"]), float(parameters["log_rate"]), int(parameters["log_days"])
    return DecisionLog(LogSettings(folder, rate, days), release, Trace(ensemble), bit_names(ensemble))


def request_ids(tests: int) -> Callable[[], str]:
    """Names requests that came without an id.

    Args:
        tests: how many of the first ones are marked as such that no user made.
    """
    start, numbers = uuid4().hex[:16], itertools.count()
    marks = itertools.chain(itertools.repeat(TEST, tests), itertools.repeat(""))
    return lambda: f"{next(marks)}{start}{next(numbers):08x}"
