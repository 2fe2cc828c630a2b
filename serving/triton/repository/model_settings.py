"""How Triton runs the models of a release."""

from __future__ import annotations

from dataclasses import dataclass, field

from serving.triton.repository.layout_settings import LayoutSettings


@dataclass(frozen=True)
class ModelSettings:
    """How Triton runs the model, or the models, of a release.

    Args:
        instances: processes that answer side by side; each holds its own copy of models and indexes. In the form
            `ensemble`, processes of every step.
        max_batch_size: users that are answered in one pass, and so the most that one request may hold.
        queue_delay_us: microseconds that a request may wait for others to be joined with; in the form `ensemble`,
            where every step would wait anew, requests are joined only while they wait for each other anyway.
        form: one model for the whole graph, or many.
        decisions: folder of the decision logs, one folder a recommender, as the server sees it; None for none.
        log_rate: share of requests that are logged, 0 to 1.
        log_days: days that decisions are kept.
        release_cache: folder of the server for copies of releases that lie in an object store.
        feast: folder of the Feast repositories as the server sees it; None for `feast` beside `releases`.

    """

    instances: int = 1
    max_batch_size: int = 1024
    queue_delay_us: int = 0
    form: LayoutSettings = field(default_factory=LayoutSettings)
    decisions: str | None = None
    log_rate: float = 1.0
    log_days: int = 30
    release_cache: str | None = None
    feast: str | None = None

    def places(self) -> dict[str, str]:
        """What a model is told of where things lie; see `release_of_model`."""
        given = {"release_cache": self.release_cache, "feast": self.feast}
        return {name: path for name, path in given.items() if path is not None}

    def log_parameters(self, name: str) -> dict[str, str]:
        """What the model of a release is told of its log."""
        if self.decisions is None:
            return {}
        return {
            "log_folder": f"{self.decisions}/{name}",
            "log_rate": str(self.log_rate),
            "log_days": str(self.log_days),
        }
