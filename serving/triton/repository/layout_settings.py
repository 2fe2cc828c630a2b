"""In which form Triton runs a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

FORMS = ("fused", "ensemble")
GROUPINGS = ("operator", "stage")


@dataclass(frozen=True)
class LayoutSettings:
    """One model for the whole graph, or Triton's own scheduling of many.

    Args:
        form: `fused`, one Python model that runs the whole graph: the fastest. `ensemble`, one model an operator: some
            0.5 ms slower a step, and each with a process and so with memory of its own, but a step can have as many
            processes as it needs.
        group_by: of the form `ensemble`: `operator`, or `stage` for one model a stage, which is in between.
        step_instances: of the form `ensemble`: processes of single steps, by the name of an operator (`QueryFaiss`),
            of a step (`05-QueryFaiss`, `request`, `answer`) or of a stage.

    Raises:
        ValueError: for another form, or fewer than one process.
    """

    form: str = "fused"
    group_by: str = "operator"
    step_instances: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"form must be one of {', '.join(FORMS)}, got {self.form!r}.")
        if self.group_by not in GROUPINGS:
            raise ValueError(f"group_by must be one of {', '.join(GROUPINGS)}, got {self.group_by!r}.")
        few = {name: count for name, count in self.step_instances.items() if count < 1}
        if few:
            raise ValueError(f"step_instances must be 1 or more each, got {few}.")

    def instances(self, step: str, usual: int) -> int:
        """Processes of a step: those of its own name, or of its operator's, or as many as all have."""
        return self.step_instances.get(step, self.step_instances.get(step.partition("-")[2], usual))

    def check_steps(self, steps: Sequence[str]) -> None:
        """ValueError when processes are wanted for a step that is not there."""
        known = {*steps, *(step.partition("-")[2] for step in steps)}
        unknown = sorted(set(self.step_instances) - known)
        if unknown:
            raise ValueError(f"step_instances names {unknown[0]!r}; the steps are {', '.join(steps)}.")
