"""Learner: from rows to statistics, and from statistics to state."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

import polars as pl

from ops_gpu.compiler import Compiler
from ops_gpu.content_hash import hash_json
from ops_gpu.dataset import Dataset
from ops_gpu.engine import Engine, LocalEngine
from ops_gpu.node_state import NodeState
from ops_gpu.operators.fitted_operator import FittedOperator
from ops_gpu.schema import Schema
from ops_gpu.statistics import Statistics, merged_schema
from ops_gpu.workflow_graph import WorkflowGraph
from ops_gpu.workflow_state import WorkflowState


class Learner:
    """What a workflow learns, given what it knows already.

    Args:
        graph: the workflow's graph.
        state: what it knows; nodes below one that learns must be there.
    """

    def __init__(self, graph: WorkflowGraph, state: WorkflowState) -> None:
        self._graph = graph
        self._state = state

    def partial(self, frame: pl.LazyFrame, weight: int, engine: Engine, keys: Sequence[str]) -> Statistics:
        """Statistics of some rows for the nodes of these keys."""
        types = frame.collect_schema()
        compiler = Compiler(types, lambda node: self._state.of(self._graph, node))
        tables: dict[str, dict[str, pl.DataFrame]] = {}
        for key in keys:
            node, operator = self._graph.fitted[key], self._operator(key)
            if weight or operator.registers:
                found = operator.collect(compiler.below(node).lazy(frame), node.input_names, weight, engine)
                tables[key] = {unit: operator.merge(unit, [table]) for unit, table in found.items()}
        read = pl.Schema({name: types[name] for name in self._graph.fit_columns if name in types})
        return Statistics(
            self._graph.whole,
            Schema.from_polars(read),
            {key: self._operator(key) for key in tables},
            {key: self._below(key) for key in tables},
            tables,
        )

    def finalize(self, statistics: Statistics, keys: Sequence[str], frozen: Collection[str]) -> WorkflowState:
        """The state after these nodes, parents first, have learnt; frozen ones only append codes."""
        learnt = self._state
        for key in keys:
            operator, previous = self._operator(key), learnt.nodes.get(key)
            Learner(self._graph, learnt)._check(key, statistics)
            if previous is None or key not in frozen or operator.registers:
                state = NodeState(operator.finalize(statistics.tables[key], previous))
                learnt = learnt.with_node(key, state)
        return learnt.with_schema(merged_schema([learnt.schema, statistics.schema]))

    def extend(
        self, before: Statistics, new: Statistics, keys: Sequence[str], frozen: Collection[str]
    ) -> tuple[WorkflowState, Statistics]:
        """State and statistics of both together, where `before` has been learnt already."""
        both, learnt = before.extended(new), self._state
        for key in keys:
            operator, previous = self._operator(key), learnt.nodes.get(key)
            Learner(self._graph, learnt)._check(key, both)
            if previous is None:
                learnt = learnt.with_node(key, NodeState(operator.finalize(both.tables[key], None)))
            elif key not in frozen or operator.registers:
                found = before.tables[key]
                frames = {unit: [piece.frame for piece in found.pieces(unit)] for unit in found}
                state = operator.extend(frames, new.tables[key], both.tables[key], previous)
                learnt = learnt.with_node(key, NodeState(state))
        return learnt.with_schema(merged_schema([learnt.schema, new.schema])), both

    def fit(self, dataset: Dataset, engine: Engine) -> tuple[WorkflowState, Statistics]:
        """State and statistics of all rows, level by level, each level over the states of those below."""
        schema = pl.LazyFrame(schema=dataset.schema())
        parts = engine.split(dataset)
        learner, found = self, [self.partial(schema, 1, LocalEngine(), [])]
        for keys in self._graph.levels():
            work = partial(_partial_of, learner=learner, engine=engine.inner, keys=keys)
            found.append(engine.map_reduce(work, parts, Statistics.merge))
            learner = Learner(self._graph, learner.finalize(found[-1], keys, ()))
        return learner._state.with_schema(found[-1].schema), Statistics.merge(found)

    def _operator(self, key: str) -> FittedOperator:
        operator = self._graph.fitted[key].operator
        assert isinstance(operator, FittedOperator)
        return operator

    def _below(self, key: str) -> str:
        """Hash of the fitted states that a node stands on; empty where there is none."""
        below = self._graph.fitted_below(self._graph.fitted[key])
        return hash_json([self._state.generations[other] for other in below]) if below else ""

    def _check(self, key: str, statistics: Statistics) -> None:
        operator = self._operator(key)
        expected = operator.units(self._graph.fitted[key].input_names)
        lacking = [unit for unit in expected if unit not in statistics.tables.get(key, {})]
        if lacking:
            raise ValueError(
                f"the statistics lack {lacking[0]!r} of {operator}; merge those of rows that have it."
            )
        if self._below(key) != statistics.below[key]:
            raise ValueError(
                f"the statistics of {operator} were made over another state of the operators below it; "
                "make them anew with this workflow."
            )


def _partial_of(part: Dataset, learner: Learner, engine: Engine, keys: Sequence[str]) -> Statistics:
    return learner.partial(part.lazy(), 1, engine, keys)
