"""Which operators of an ensemble share a Triton model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from serving.ensemble.ensemble_plan import EnsemblePlan, Place, Step
from serving.operators.base import STAGES
from serving.triton.python_backend.segment import Segment

REQUEST, REQUEST_STEP = "request", -1


def segments_of(plan: EnsemblePlan, group_by: str = "operator", also: Iterable[Place] = ()) -> tuple[Segment, ...]:
    """A plan in segments, in an order that works.

    Args:
        plan: of the ensemble.
        group_by: `operator`, a segment each, or `stage`: the operators of one stage together, so that columns between
            them stay in one process. An operator that takes what a later stage gives goes to that stage, so that
            stages never wait for each other in a circle.
        also: columns that are waited for besides those of the answer.
    """
    names = dict(enumerate(_stages(plan) if group_by == "stage" else _operators(plan)))
    segments, waited = list[Segment](), tuple(also)
    for name in dict.fromkeys(sorted(names.values(), key=STAGES.index) if group_by == "stage" else names.values()):
        steps = tuple((number, step) for number, step in enumerate(plan.steps) if names[number] == name)
        numbers = {number for number, _ in steps}
        elsewhere = _taken(step for number, step in enumerate(plan.steps) if number not in numbers)
        wanted = dict.fromkeys([*elsewhere, *(place for _, place in plan.outputs), *waited])
        outputs = tuple(place for place in wanted if place[0] in numbers)
        inside = _taken(step for _, step in steps)
        givers = dict.fromkeys(giver_of(place, names) for place in inside if place[0] not in numbers)
        segments.append(Segment(name, steps, tuple(givers), outputs, len(segments)))
    return tuple(segments)


def giver_of(place: Place, names: Mapping[int, str]) -> str:
    """Name of the segment that gives a column; `names` has that of each step by its number."""
    return REQUEST if place[0] == REQUEST_STEP else names[place[0]]


def _operators(plan: EnsemblePlan) -> list[str]:
    return [f"{number:02d}-{step.operator.name}" for number, step in enumerate(plan.steps)]


def _stages(plan: EnsemblePlan) -> list[str]:
    """The stage of each operator: its own, or that of what it takes where that is later."""
    found: list[int] = []
    for step in plan.steps:
        before = [found[at] for _, (at, _) in step.columns if at != REQUEST_STEP]
        found.append(max([STAGES.index(step.operator.stage), *before]))
    return [STAGES[stage] for stage in found]


def _taken(steps: Iterable[Step]) -> list[Place]:
    return list(dict.fromkeys(place for step in steps for _, place in step.columns))
