"""TrainingTransform: what a workflow gives for the very rows that it was fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import polars as pl

from ops_gpu.graph.node import Node
from ops_gpu.operators.base.fitted_operator import FittedOperator
from ops_gpu.workflow.compiler import Compiler, Runs
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow_graph import WorkflowGraph
from ops_gpu.workflow.workflow_state import WorkflowState

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


class TrainingTransform:
    """Encodes targets out of fold, and does everything else as `Workflow.transform` does.

    Args:
        graph: the graph.
        state: what was learnt.
        statistics: what it was learnt from; kept is what operators that tell folds apart make of theirs.
        columns: those to give.
    """

    def __init__(
        self, graph: WorkflowGraph, state: WorkflowState, statistics: Statistics, columns: Sequence[str]
    ) -> None:
        self._graph, self._state = graph, state
        self._node = graph.node if tuple(columns) == graph.node.names else Node(None, [graph.node], columns)
        self._training = {
            key: node.operator.training_state(statistics.tables[key])
            for key, node in graph.fitted.items()
            if isinstance(node.operator, FittedOperator) and node.operator.folds
        }
        self._programs: dict[tuple[Any, ...], Runs] = {}

    def __call__(self, frame: Frame) -> Frame:
        """The output for rows of the training data, lazy or not; any part of them."""
        schema: pl.Schema = frame.collect_schema()
        signature = (*schema.names(), *schema.dtypes())
        if signature not in self._programs:
            compiler = Compiler(schema, lambda node: self._state.of(self._graph, node))
            self._programs[signature] = compiler.training(self._node, self._training_of)
        program = self._programs[signature]
        return program.lazy(frame) if isinstance(frame, pl.LazyFrame) else program.eager(frame)

    def _training_of(self, node: Node) -> Mapping[str, Any]:
        return self._training.get(self._graph.key(node), {})

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_programs": {}}
