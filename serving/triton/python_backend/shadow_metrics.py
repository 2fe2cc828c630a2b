"""ShadowMetrics: how much a challenger was shown, as Prometheus metrics of Triton."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serving.triton.python_backend.shadow import Shadow

COUNTERS = {
    "compared": ("recsys_shadow_compared_total", "Requests that a challenger was shown, compared and written."),
    "left_out": ("recsys_shadow_left_out_total", "Requests that a challenger was not shown, for too many waited."),
}


class ShadowMetrics:
    """Tells Triton what a shadow has done since the last time.

    Args:
        pb_utils: Triton's module of the Python backend.
        shadow: what is told of.
        recommender: label `recommender`.
        hashes: `release` and `candidate`, whose first digits are the labels of these names.
    """

    def __init__(self, pb_utils: Any, shadow: Shadow, recommender: str, hashes: Mapping[str, str]) -> None:
        labels = {"recommender": recommender, **{name: hashes[name][:12] for name in ("release", "candidate")}}
        self._shadow, self._told = shadow, dict.fromkeys(COUNTERS, 0)
        kind = pb_utils.MetricFamily.COUNTER
        # A family must live as long as its metrics.
        self._families = {
            key: pb_utils.MetricFamily(name=name, description=text, kind=kind) for key, (name, text) in COUNTERS.items()
        }
        self._metrics = {key: family.Metric(labels=labels) for key, family in self._families.items()}

    def flush(self) -> None:
        """Tells Triton."""
        now = {"compared": self._shadow.compared, "left_out": self._shadow.left_out}
        for key, value in now.items():
            if value > self._told[key]:
                self._metrics[key].increment(value - self._told[key])
                self._told[key] = value
