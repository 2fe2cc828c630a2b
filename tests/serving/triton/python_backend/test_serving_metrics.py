from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from ops_gpu.tiered import StoreMetrics
from serving.triton.python_backend.serving_metrics import ServingMetrics


@dataclass
class Family:
    """A family of metrics as Triton's Python backend has them, that keeps what it was told."""

    name: str
    description: str
    kind: str
    told: dict[tuple[str, ...], float] = field(default_factory=dict)

    COUNTER = "counter"

    def Metric(self, labels: dict[str, str]) -> Any:
        families[self.name] = self
        key = tuple(labels.values())
        self.told[key] = 0.0

        def increment(value: float) -> None:
            self.told[key] += value

        return SimpleNamespace(increment=increment)


families: dict[str, Family] = {}


def test_rows_of_stores_are_told_by_what_answered() -> None:
    now = StoreMetrics({"memory": 7, "disk": 2}, 1, 0, 0, {})
    backend = SimpleNamespace(MetricFamily=Family)
    metrics = ServingMetrics(backend, "demo", "abc", lambda: {"LookupItems": now})
    metrics.flush()
    now = StoreMetrics({"memory": 17, "disk": 2}, 1, 4, 0, {})
    metrics.counts["users"] += 3
    metrics.flush()
    rows = families["recsys_store_rows_total"].told
    told = {"memory": 17, "disk": 2, "pending": 1, "unknown": 4}
    assert rows == {("demo", "abc", "LookupItems", by): count for by, count in told.items()}
    assert families["recsys_users_total"].told == {("demo", "abc"): 3}


def test_without_stores_there_is_nothing_to_tell() -> None:
    metrics = ServingMetrics(SimpleNamespace(MetricFamily=Family), "demo", "abc")
    metrics.flush()
    assert metrics.counts["users"] == 0
