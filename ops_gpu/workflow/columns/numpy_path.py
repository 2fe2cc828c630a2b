"""NumpyPath: one column of numbers through a workflow, in numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.graph.node import Node
from ops_gpu.operators.base.feature_operator import FeatureOperator, NumberFunction
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.workflow.columns.column_origin import column_origin

NUMBERS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "float32", "float64"})


@dataclass(frozen=True)
class NumpyPath:
    """What a workflow makes of a raw column of numbers, for single rows in microseconds.

    A plan of Polars costs some 0.2 ms before it does anything, which is nothing for a million rows and much
    for one request. The values are the same, bit for bit.

    Args:
        source: the raw column.
        steps: what each operator on the way does.
    """

    source: str
    steps: tuple[NumberFunction, ...]

    @classmethod
    def of(cls, node: Node, column: str, state: Callable[[Node], NodeState]) -> NumpyPath | None:
        """The way of an output column; None where an operator on it needs a plan, or other columns.

        Args:
            node: of the fitted graph.
            column: one of its columns.
            state: of every node.
        """
        steps: list[NumberFunction] = []

        def through(current: Node, name: str) -> bool:
            assert isinstance(current.operator, FeatureOperator)
            step = current.operator.on_numbers(name, state(current))
            steps.extend([step] if step else [])
            return step is not None

        source = column_origin(node, column, through)
        return None if source is None else cls(source, tuple(reversed(steps)))

    def __call__(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Output values; null and NaN alike are NaN.

        Args:
            values: float64 `[n]`, NaN for null.
        """
        with np.errstate(all="ignore"):
            for step in self.steps:
                values = step(values)
        return values
