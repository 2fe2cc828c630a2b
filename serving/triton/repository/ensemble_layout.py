"""A release as a Triton ensemble: one model a step, and the scheduling that connects them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.decisions.trace import Trace
from serving.ensemble.ensemble import Ensemble
from serving.ensemble.ensemble_plan import EnsemblePlan, Place
from serving.triton.python_backend.answer_log import is_logged
from serving.triton.python_backend.segment import Segment
from serving.triton.python_backend.segmentation import REQUEST, giver_of, segments_of
from serving.triton.repository.model_config import (
    ModelTensors,
    batching,
    config_text,
    release_parameters,
    scheduling,
    with_users,
)
from serving.triton.repository.model_directory import place_model
from serving.triton.repository.released_model import ReleasedModel

ANSWER, PACK = "answer", "data_type: TYPE_UINT8 dims: [ -1 ]"


@dataclass(frozen=True)
class _Step:
    """A model of the ensemble: its name within the release, its kind, its tensors, and what it is told."""

    name: str
    kind: str
    tensors: ModelTensors
    batches: bool
    told: dict[str, Any]


def write_ensemble(repository: Path, model: ReleasedModel, ensemble: Ensemble) -> str:
    """Writes one Triton model an operator (or a stage), and the ensemble that takes and gives what `fused` does.

    Before the operators stands a step that checks the request, behind them one that makes the answer and adds up the
    times of all steps. Each is written aside and then renamed, the ensemble last.

    Args:
        repository: Triton's model repository.
        model: the release, and how it is served.
        ensemble: of the release, a description.

    Returns:
        The model's name.

    Raises:
        ValueError: for instances of a step that is not there.
    """
    settings, path = model.settings, model.release_path
    log = settings.log_parameters(model.recommender)
    # What is logged travels to the step that makes the answer.
    logged = Trace(ensemble).places if is_logged(log) else ()
    steps = _steps(ensemble, model.tensors, settings.form.group_by, logged)
    settings.form.check_steps([step.name for step in steps])
    # Names of their own for every grouping, so that a release can change it while it is asked.
    names = {step.name: f"{model.name}.{settings.form.group_by}s.{step.name}" for step in steps}
    for step in steps:
        count = settings.form.instances(step.name, settings.instances)
        joined = batching() if step.batches else ""
        config = config_text(
            names[step.name],
            'backend: "python"',
            step.tensors,
            settings.max_batch_size if step.batches else 0,
            f"instance_group [{{ count: {count} kind: KIND_CPU }}]\n{joined}",
            release_parameters(
                model.release_hash,
                release_path=path,
                step=json.dumps(step.told),
                **settings.places(),
                **(log if step.name == ANSWER else {}),
            ),
        )
        place_model(repository, names[step.name], config, step.kind)
    whole = config_text(
        model.name,
        'platform: "ensemble"',
        model.tensors,
        settings.max_batch_size,
        scheduling({names[step.name]: step.tensors for step in steps}),
        release_parameters(model.release_hash, release_path=path, sources=",".join(model.sources)),
    )
    return place_model(repository, model.name, whole, None)


def _steps(ensemble: Ensemble, tensors: ModelTensors, group_by: str, logged: Sequence[Place]) -> list[_Step]:
    plan = EnsemblePlan.of(ensemble.node)
    segments = segments_of(plan, group_by, logged)
    asked = {"inputs": ensemble.inputs.to_dict(), "segments": len(segments)}
    request = ModelTensors(tensors.inputs, _packs([REQUEST]))
    return [
        # It batches, so that Triton itself refuses what is no number of users.
        _Step(REQUEST, "request", request, True, asked),
        *map(_segment, segments),
        _answer(plan, segments, tensors, logged),
    ]


def _segment(segment: Segment) -> _Step:
    inputs = {name: f"{text} allow_ragged_batch: true" for name, text in _packs(segment.givers).items()}
    return _Step(segment.name, "step", ModelTensors(inputs, _packs([segment.name])), True, segment.to_dict())


def _answer(plan: EnsemblePlan, segments: tuple[Segment, ...], tensors: ModelTensors, logged: Sequence[Place]) -> _Step:
    names = {number: segment.name for segment in segments for number, _ in segment.steps}
    taken = (*(place for _, place in plan.outputs), *logged)
    # the request too, for it says how many items were asked for
    givers = list(dict.fromkeys([REQUEST, *(giver_of(place, names) for place in taken)]))
    told = {"columns": {name: list(place) for name, place in plan.outputs}, "givers": givers}
    given = ModelTensors(_packs(givers, "1, "), with_users(tensors.outputs))
    return _Step(ANSWER, "answer", given, False, told)


def _packs(names: Iterable[str], first: str = "") -> dict[str, str]:
    """Tensors with a pack each; `first` is the first dimension for a model that does not batch."""
    return dict.fromkeys(names, PACK.replace("[ ", f"[ {first}"))
