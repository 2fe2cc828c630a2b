"""Fitter: from rows to statistics, and from statistics to state."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

import polars as pl

from ops_gpu.engines.dataset import Dataset, Together
from ops_gpu.engines.engine import Engine
from ops_gpu.engines.local import LocalEngine
from ops_gpu.engines.repartition import by_key
from ops_gpu.graph.node import Node
from ops_gpu.operators.base.fitted_operator import FittedOperator
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.primitives.content_hash import hash_json
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.compiler import Compiler
from ops_gpu.workflow.partition_key import looks_across_rows, partition_key
from ops_gpu.workflow.statistics import Statistics, merged_schema
from ops_gpu.workflow.workflow_graph import WorkflowGraph
from ops_gpu.workflow.workflow_state import WorkflowState

Job = tuple[str, tuple[str, ...]]
"""A node, by its key, and those of its columns that are learnt about together."""


class Fitter:
    """What a workflow learns, given what it knows already.

    Args:
        graph: the workflow's graph.
        state: what it knows; nodes below one that learns must be there.
    """

    def __init__(self, graph: WorkflowGraph, state: WorkflowState) -> None:
        self._graph = graph
        self._state = state

    def partial(self, frame: pl.LazyFrame, weight: int, engine: Engine, jobs: Sequence[Job]) -> Statistics:
        """Statistics of some rows for these columns of these nodes."""
        types = frame.collect_schema()
        compiler = Compiler(types, lambda node: self._state.of(self._graph, node))
        tables: dict[str, dict[str, pl.DataFrame]] = {}
        for key, columns in jobs:
            node, operator = self._graph.fitted[key], self._operator(key)
            if weight or operator.registers:
                found = operator.collect(compiler.below(node).lazy(frame), columns, weight, engine)
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
            Fitter(self._graph, learnt)._check(key, statistics)
            if previous is None or key not in frozen or operator.registers:
                state = NodeState(operator.finalize(statistics.tables[key], previous))
                learnt = learnt.with_node(key, state)
        return learnt.with_schema(merged_schema([learnt.schema, statistics.schema]))

    def as_of(self, statistics: Statistics) -> WorkflowState:
        """The state with that of the as-of nodes as these statistics teach it, and nothing before them."""
        learnt = self._state
        for key in self._graph.fitted:
            if key in self._graph.as_of:
                self._check(key, statistics)
                learnt = learnt.with_node(key, NodeState(self._operator(key).finalize(statistics.tables[key], None)))
        return learnt

    def extend(
        self, before: Statistics, new: Statistics, keys: Sequence[str], frozen: Collection[str]
    ) -> tuple[WorkflowState, Statistics]:
        """State and statistics of both together, where `before` has been learnt already."""
        both, learnt = before.extended(new), self._state
        for key in keys:
            operator, previous = self._operator(key), learnt.nodes.get(key)
            Fitter(self._graph, learnt)._check(key, both)
            if previous is None:
                learnt = learnt.with_node(key, NodeState(operator.finalize(both.tables[key], None)))
            elif key not in frozen or operator.registers:
                found = before.tables[key]
                frames = {unit: [piece.frame for piece in found.pieces(unit)] for unit in found}
                state = operator.extend(frames, new.tables[key], both.tables[key], previous)
                learnt = learnt.with_node(key, NodeState(state))
        return learnt.with_schema(merged_schema([learnt.schema, new.schema])), both

    def fit(self, dataset: Dataset, engine: Engine, frozen: Collection[str] = ()) -> tuple[WorkflowState, Statistics]:
        """State and statistics of all rows, level by level, each level over the states of those below.

        Nodes that are frozen, and known already, only append codes.
        """
        schema = pl.LazyFrame(schema=dataset.schema())
        fitter, found = self, [self.partial(schema, 1, LocalEngine(), [])]
        for keys in self._graph.levels():
            found.append(fitter._level(keys, dataset, engine))
            fitter = Fitter(self._graph, fitter.finalize(found[-1], keys, frozen))
        return fitter._state.with_schema(found[-1].schema), Statistics.merge(found)

    def _level(self, keys: Sequence[str], dataset: Dataset, engine: Engine) -> Statistics:
        """Statistics of one level: column by column on several workers, which hardly leaves anything to merge, and
        file by file only where there are more workers than columns.
        """
        nodes = [Node(None, self._graph.fitted[key].parents) for key in keys]
        with dataset.brought_together(self.together(nodes)) as parted:
            return self._side_by_side(keys, parted, engine)

    def _side_by_side(self, keys: Sequence[str], dataset: Dataset, engine: Engine) -> Statistics:
        if not engine.workers:
            parts = dataset.parts() if dataset.is_grouped else [dataset]
            with dataset.readable():
                return Statistics.merge([self.partial(p.lazy(), 1, engine.inner, self.jobs(keys)) for p in parts])
        jobs = [(key, columns) for key, all_of in self.jobs(keys) for columns in self._operator(key).apart(all_of)]
        # Those that read most come first, so that no worker is left alone with one of them at the end.
        names = dataset.schema().names()
        jobs.sort(key=lambda job: -self._width(job, names))
        parts = dataset.chunks(-(-2 * engine.workers // len(jobs)))
        work = partial(_partial_of, fitter=self, engine=engine.inner)
        groups = [[(job, part) for part in parts] for job in jobs]
        return Statistics.merge(engine.map_reduce(work, groups, Statistics.merge))

    def together(self, nodes: Sequence[Node]) -> Together:
        """Which rows must be seen at once for these nodes; see `Dataset.then`."""
        across = [node for node in nodes if looks_across_rows(node)]
        if not across:
            return False
        key = partition_key(across)
        return True if key is None else partial(by_key, keys=partial(_keys_of, key=key, fitter=self))

    def jobs(self, keys: Sequence[str]) -> list[Job]:
        """What there is to learn for the nodes of these keys."""
        return [(key, self._graph.fitted[key].input_names) for key in keys]

    def _width(self, job: Job, names: Sequence[str]) -> int:
        """About how many columns a job reads."""
        operator = self._operator(job[0])
        return len(job[1]) + len(operator.dependencies()) + len(operator.row_content(names))

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
            raise ValueError(f"the statistics lack {lacking[0]!r} of {operator}; merge those of rows that have it.")
        if self._below(key) != statistics.below[key]:
            raise ValueError(
                f"the statistics of {operator} were made over another state of the operators below it; "
                "make them anew with this workflow."
            )


def _partial_of(work: tuple[Job, Dataset], fitter: Fitter, engine: Engine) -> Statistics:
    job, part = work
    with part.readable():
        return fitter.partial(part.lazy(), 1, engine, [job])


def _keys_of(frame: pl.LazyFrame, key: Node, fitter: Fitter) -> pl.LazyFrame:
    schema = frame.collect_schema()
    compiler = Compiler(schema, lambda node: fitter._state.of(fitter._graph, node))
    return compiler.keys(key).lazy(frame)
