"""CodedColumns: which output columns of a workflow hold codes of values, and which values those are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.graph.node import Node
from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.categorical.categorify import Categorify
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.columns.column_origin import column_origin
from ops_gpu.workflow.columns.vocabulary import Vocabulary


@dataclass(frozen=True)
class CodedColumns:
    """Of one graph, in the state that it is in.

    Args:
        node: the graph's last node.
        state_of: what a node has learned.
    """

    node: Node
    state_of: Callable[[Node], NodeState]

    def holds(self, column: str) -> bool:
        """Whether the codes of a column stand for values."""
        try:
            self._of(column)
        except ValueError:
            return False
        return True

    def values(self, column: str) -> pl.Series:
        """Values in code order."""
        _, unit, state = self._of(column)
        return state[unit].to_series().alias(column)

    def first_code(self, column: str) -> int:
        """The code of the first value."""
        operator, unit, _ = self._of(column)
        return operator.first_code(unit)

    def invert(self, column: str, codes: pl.Series | npt.NDArray[np.integer[Any]]) -> pl.Series:
        """Values of codes; null where a code stands for none.

        Raises:
            ValueError: when the codes are no integers, or the column holds none.
        """
        given = pl.Series(column, codes)
        if not given.dtype.is_integer() and given.dtype != pl.Null:
            raise ValueError(f"codes of {column!r} are integers, and these are of type {given.dtype}.")
        place = given.cast(pl.Int64, strict=False) - self.first_code(column)
        values = self.values(column)
        known = place.to_frame().select(pl.when(pl.first().is_between(0, len(values) - 1)).then(pl.first()))
        return values.gather(known.to_series()).alias(column)

    def encoder(self, column: str) -> Vocabulary:
        """Values and codes in numpy."""
        operator, unit, state = self._of(column)
        first = operator.first_code(unit)
        return state.derived(unit, "vocabulary", lambda table: Vocabulary(column, table.to_series(), first))

    def source(self, column: str, raw: Schema) -> str | None:
        """The raw column, of integers or strings, whose codes an output column holds and nothing else.

        Args:
            column: of the output.
            raw: the raw columns.
        """
        coded: list[Node] = []

        def through(node: Node, name: str) -> bool:
            coded.append(node)
            return isinstance(node.operator, Categorify) and len(coded) == 1

        source = column_origin(self.node, column, through)
        if source is None or not coded:
            return None
        found = raw[source]
        return source if not found.is_list and (found.dtype == "string" or "int" in found.dtype) else None

    def _of(self, column: str) -> tuple[Categorify, str, NodeState]:
        """The operator that gave the codes, its unit of the column, and its state."""
        node, name = self.node, column
        while name in node.names:
            node = node.origin(name)
            operator = node.operator
            if isinstance(operator, Categorify):
                found = operator, operator.unit(name), self.state_of(node)
                if found[2][found[1]].width > 1:
                    raise ValueError(
                        f"output column {column!r} holds codes of combinations of columns, which are not one value; "
                        "use Workflow.transform for codes, and its state for their parts."
                    )
                return found
            source = operator.source(name, node.input_names) if isinstance(operator, FeatureOperator) else None
            if source is None:
                break
            node, name = Node(None, node.parents), source
        raise ValueError(
            f"output column {column!r} holds no codes of Categorify; the outputs are {', '.join(self.node.names)}."
        )
