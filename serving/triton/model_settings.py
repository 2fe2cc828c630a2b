"""How Triton runs the models of a release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FORMS = ("fused", "ensemble")


@dataclass(frozen=True)
class ModelSettings:
    """How Triton runs the model, or the models, of a release.

    Args:
        instances: processes that answer side by side; each holds its own copy of models and indexes. In the form
            `ensemble`, processes of every step.
        max_batch_size: users that are answered in one pass, and so the most that one request may hold.
        queue_delay_us: microseconds that a request may wait for others to be joined with; in the form `ensemble`,
            where every step would wait anew, requests are joined only while they wait for each other anyway.
        form: `fused`, one model for the whole graph, or `ensemble`, Triton's own scheduling of one model an operator:
            slower, but every step can have instances of its own.
        group_by: of the form `ensemble`: `operator`, or `stage` for one model a stage.
        step_instances: of the form `ensemble`: instances of single steps, by the name of an operator (`QueryFaiss`),
            of a step (`05-QueryFaiss`, `request`, `answer`), or of a stage.

        decisions: folder of the decision logs, one folder a recommender, as the server sees it; None for none. Logged
            in the form `fused` alone.
        log_rate: share of requests that are logged, 0 to 1.
        log_days: days that decisions are kept.
        release_cache: folder of the server for copies of releases that lie in an object store.
        feast: folder of the Feast repositories as the server sees it; None for `feast` beside `releases`.

    Raises:
        ValueError: for another form, or fewer than one instance.
    """

    instances: int = 1
    max_batch_size: int = 1024
    queue_delay_us: int = 0
    form: str = "fused"
    group_by: str = "operator"
    step_instances: Mapping[str, int] = field(default_factory=dict)
    decisions: str | None = None
    log_rate: float = 1.0
    log_days: int = 30
    release_cache: str | None = None
    feast: str | None = None

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"form must be one of {', '.join(FORMS)}, got {self.form!r}.")
        few = {name: count for name, count in self.step_instances.items() if count < 1}
        if few:
            raise ValueError(f"step_instances must be 1 or more each, got {few}.")

    def instances_of(self, step: str) -> int:
        """Instances of a step, by its own name, or that of its operator, or as many as all have."""
        return self.step_instances.get(step, self.step_instances.get(step.partition("-")[2], self.instances))

    def check_steps(self, steps: list[str]) -> None:
        """ValueError when instances are wanted for a step that is not there."""
        known = {*steps, *(step.partition("-")[2] for step in steps)} - {""}
        unknown = sorted(set(self.step_instances) - known)
        if unknown:
            raise ValueError(f"step_instances names {unknown[0]!r}; the steps are {', '.join(steps)}.")

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
