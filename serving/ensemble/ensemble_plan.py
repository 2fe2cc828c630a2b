"""The order in which an ensemble works, settled once and not anew for every request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ops_gpu.graph.node import Node, topological
from serving.operators.base import ServingOperator

V = TypeVar("V")
Place = tuple[int, str]
"""A column: the step that gives it (-1 is the request), and its name."""


@dataclass(frozen=True)
class Step:
    """One operator, and where its columns come from.

    Args:
        operator: the operator of the graph.
        columns: name of each column taken, and its place.
    """

    operator: ServingOperator
    columns: tuple[tuple[str, Place], ...]


@dataclass(frozen=True)
class EnsemblePlan:
    """All operators of a graph, each once, in an order that works; choices of columns are resolved.

    Args:
        steps: the operators.
        outputs: the columns of the last node.
    """

    steps: tuple[Step, ...]
    outputs: tuple[tuple[str, Place], ...]

    @classmethod
    def of(cls, node: Node) -> EnsemblePlan:
        """The plan of a checked graph."""
        steps: list[Step] = []
        places: dict[int, dict[str, Place]] = {}
        for current in topological(node):
            taken = {name: place for parent in current.parents for name, place in places[id(parent)].items()}
            if isinstance(current.operator, ServingOperator):
                places[id(current)] = {name: (len(steps), name) for name in current.names}
                steps.append(Step(current.operator, tuple(taken.items())))
            elif current.parents:
                places[id(current)] = {name: taken[name] for name in current.names}
            else:
                places[id(current)] = {name: (-1, name) for name in current.names}
        return cls(tuple(steps), tuple(places[id(node)].items()))

    def run(
        self, request: Mapping[str, V], apply: Callable[[int, dict[str, V]], Mapping[str, V]]
    ) -> tuple[dict[str, V], tuple[Mapping[str, V], ...]]:
        """Columns of the last node, and those of every step; `apply` computes a step, given its number and columns."""
        results: list[Mapping[str, V]] = []
        for number, step in enumerate(self.steps):
            results.append(apply(number, _gathered(step.columns, request, results)))
        return _gathered(self.outputs, request, results), tuple(results)

    def given(self, number: int, request: Mapping[str, V], results: Sequence[Mapping[str, V]]) -> dict[str, V]:
        """The columns that a step took, from the request and the results of all steps."""
        return _gathered(self.steps[number].columns, request, results)


def _gathered(
    columns: tuple[tuple[str, Place], ...], request: Mapping[str, V], results: Sequence[Mapping[str, V]]
) -> dict[str, V]:
    return {name: (results[at] if at >= 0 else request)[source] for name, (at, source) in columns}
