"""ServingMetrics: what a release did, as Prometheus metrics of Triton."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ops_gpu.tiered import StoreMetrics
from serving.operators.base import STAGES

TOLD_EVERY = 1.0
"""Seconds."""
COUNTERS = {
    "requests": ("recsys_requests_total", "Requests answered."),
    "failed": ("recsys_failed_requests_total", "Requests refused or failed."),
    "users": ("recsys_users_total", "Lists given."),
    "empty": ("recsys_empty_lists_total", "Lists without an item."),
    "passes": ("recsys_passes_total", "Passes of the graph; requests that come together share one."),
    "logged": ("recsys_decisions_logged_total", "Rows written to the decision log."),
    "dropped": ("recsys_decisions_dropped_total", "Requests that the decision log lost."),
}
STAGE = ("recsys_stage_seconds_total", "Seconds spent in a stage of the graph.")
STORE = ("recsys_store_rows_total", "Rows read from a tiered store, by what answered: a tier, or the default row.")


class ServingMetrics:
    """Counts while requests are answered, at the cost of an addition; `flush` tells Triton.

    Telling takes a message between two processes each, so another thread does it every second.

    Args:
        pb_utils: Triton's module of the Python backend.
        recommender: label `recommender`.
        release: label `release`, its short hash.
        stores: tells what tiered stores have answered, by label `store`.
    """

    def __init__(
        self, pb_utils: Any, recommender: str, release: str, stores: Callable[[], Mapping[str, StoreMetrics]] = dict
    ) -> None:
        labels = {"recommender": recommender, "release": release}
        self.counts = dict.fromkeys(COUNTERS, 0)
        self.stage_ms = dict.fromkeys(STAGES, 0.0)
        self._families = {}  # a family must live as long as its metrics
        self._metrics = {}
        for key, (name, text) in COUNTERS.items():
            self._families[key] = family = _family(pb_utils, name, text)
            self._metrics[key] = family.Metric(labels=labels)
        self._families["stage"] = stages = _family(pb_utils, *STAGE)
        for stage in STAGES:
            self._metrics[stage] = stages.Metric(labels={**labels, "stage": stage})
        self._stores = stores
        self._families["store"] = rows = _family(pb_utils, *STORE)
        for key in self._store_rows():
            store, _, answered_by = key.partition("/")
            self._metrics[key] = rows.Metric(labels={**labels, "store": store, "answered_by": answered_by})
        self._told: dict[str, float] = dict.fromkeys(self._metrics, 0.0)

    def flush(self) -> None:
        """Tells Triton what was counted since the last time."""
        now = {**self.counts, **{stage: spent / 1e3 for stage, spent in self.stage_ms.items()}}
        now |= self._store_rows()
        for key, value in now.items():
            if value > self._told[key]:
                self._metrics[key].increment(value - self._told[key])
                self._told[key] = value

    def _store_rows(self) -> dict[str, float]:
        told = self._stores()
        return {f"{store}/{by}": count for store, metrics in told.items() for by, count in metrics.answered().items()}


def _family(pb_utils: Any, name: str, description: str) -> Any:
    return pb_utils.MetricFamily(name=name, description=description, kind=pb_utils.MetricFamily.COUNTER)
