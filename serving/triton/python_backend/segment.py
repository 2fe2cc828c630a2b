"""The part of an ensemble that one Triton model runs."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.graph.operator import Operator
from ops_gpu.tiered import StoreMetrics
from serving.ensemble.ensemble_plan import Place, Step
from serving.ensemble.operator_modules import import_operator
from serving.operators.base import STAGES, ServingOperator
from serving.release.release import Release
from serving.request.columns import Column


@dataclass(frozen=True)
class Segment:
    """Some operators of a plan, those that they take columns from, and the columns that others wait for.

    It says all that a process needs to know, so that the process imports and loads nothing for other operators.

    Args:
        name: `<number>-<operator>`, or the name of a stage.
        steps: number in the plan, and operator with its columns, in an order that works.
        givers: names of the segments that it takes columns from, `request` among them.
        outputs: columns that other segments or the answer take.
        row: its row among the times of all segments.
    """

    name: str
    steps: tuple[tuple[int, Step], ...]
    givers: tuple[str, ...]
    outputs: tuple[Place, ...]
    row: int

    def bind(self, release: Release) -> Segment:
        """A segment whose operators hold the parts of this release."""
        steps = tuple((number, replace(step, operator=copy.copy(step.operator))) for number, step in self.steps)
        for _, step in steps:
            step.operator.bind_tolerantly(release)
        return replace(self, steps=steps)

    def run(self, given: Mapping[Place, Column]) -> tuple[dict[Place, Column], npt.NDArray[np.float32]]:
        """Runs the operators on a batch of users.

        Args:
            given: the columns of all `givers`.

        Returns:
            The columns of `outputs`, and the milliseconds spent for each of `STAGES`.
        """
        known = dict(given)
        spent = np.zeros(len(STAGES), np.float32)
        for number, step in self.steps:
            start = time.perf_counter()
            result = step.operator.transform({name: known[place] for name, place in step.columns})
            spent[STAGES.index(step.operator.stage)] += (time.perf_counter() - start) * 1e3
            known.update({(number, name): column for name, column in result.items()})
        return {place: known[place] for place in self.outputs}, spent

    def store_metrics(self) -> dict[str, StoreMetrics]:
        """As `Ensemble.store_metrics`."""
        told = {step.operator.name: step.operator.store_metrics() for _, step in self.steps}
        return {name: metrics for name, metrics in told.items() if metrics is not None}

    def to_dict(self) -> dict[str, Any]:
        """The segment as JSON."""
        return {
            "name": self.name,
            "steps": [
                {
                    "number": number,
                    "operator": step.operator.to_dict(),
                    "columns": [[name, list(place)] for name, place in step.columns],
                }
                for number, step in self.steps
            ],
            "givers": list(self.givers),
            "outputs": [list(place) for place in self.outputs],
            "row": self.row,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Segment:
        """The segment that `to_dict` wrote; imports its operators.

        Raises:
            ValueError: when an operator is unknown, or takes other parameters.
        """
        outputs = tuple((step, name) for step, name in data["outputs"])
        return cls(data["name"], tuple(map(_step, data["steps"])), tuple(data["givers"]), outputs, data["row"])


def _step(data: Mapping[str, Any]) -> tuple[int, Step]:
    import_operator(data["operator"]["operator"])
    operator = Operator.from_dict(data["operator"])
    assert isinstance(operator, ServingOperator)
    columns = tuple((name, (step, source)) for name, (step, source) in data["columns"])
    return data["number"], Step(operator, columns)
