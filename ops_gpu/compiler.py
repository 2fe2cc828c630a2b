"""From a graph to a program: every node asked once what it does to the columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import polars as pl

from ops_gpu.graph import Node, evaluate, input_names, topological
from ops_gpu.node_state import NodeState
from ops_gpu.operators.feature_operator import FeatureOperator
from ops_gpu.operators.fitted_operator import RAW, ROW_HASH, FittedOperator
from ops_gpu.plan import Plan, Program
from ops_gpu.stable_hash import row_hash

Transform = Callable[[Node, Mapping[str, pl.Expr], Plan], dict[str, pl.Expr]]


class Compiler:
    """Compiles nodes of a graph for frames of one schema.

    Args:
        schema: types of the frame's columns.
        state_of: the state of a node; empty for nodes that learn nothing.
    """

    def __init__(self, schema: Mapping[str, pl.DataType], state_of: Callable[[Node], NodeState]) -> None:
        self._schema = schema
        self._state_of = state_of

    def transform(self, node: Node) -> Program:
        """The program that computes a node's columns."""
        plan = Plan(self._schema)
        return plan.finish(self._columns(node, plan, self._transformed))

    def training(self, node: Node, tables_of: Callable[[Node], Mapping[str, pl.DataFrame]]) -> Program:
        """The same for the rows that the workflow was fitted on, where targets are encoded out of fold."""

        def apply(current: Node, columns: Mapping[str, pl.Expr], plan: Plan) -> dict[str, pl.Expr]:
            operator = current.operator
            if not isinstance(operator, FittedOperator):
                return self._transformed(current, columns, plan)
            content = operator.row_content(self._flat_columns())
            row_hash = self._row_hash(operator, content, current.input_names) if content else None
            return operator.transform_training(
                columns, plan, self._state_of(current), tables_of(current), row_hash
            )

        plan = Plan(self._schema)
        return plan.finish(self._columns(node, plan, apply))

    def below(self, node: Node) -> Program:
        """The program that computes what a fitted node's `partial` reads."""
        operator = node.operator
        assert isinstance(operator, FittedOperator)
        plan = Plan(self._schema)
        columns = self._columns(Node(None, node.parents), plan, self._transformed)
        for name in operator.dependencies():
            self._check(name, operator)
            columns[RAW + name] = pl.col(name)
        content = operator.row_content(self._flat_columns())
        if content:
            columns[ROW_HASH] = self._hash_of(content, operator)
        return plan.finish(columns)

    def _columns(self, node: Node, plan: Plan, transform: Transform) -> dict[str, pl.Expr]:
        for name in input_names(node):
            self._check(name, "the workflow")
        consumers = Counter(id(parent) for current in topological(node) for parent in current.parents)

        def apply(current: Node, columns: dict[str, pl.Expr]) -> dict[str, pl.Expr]:
            given = transform(current, columns, plan)
            # What several nodes read is computed once, into columns of its own.
            shared = consumers[id(current)] > 1
            return {name: plan.column(expr) for name, expr in given.items()} if shared else given

        return evaluate(node, {name: self._input(name) for name in self._schema}, apply)

    def _input(self, name: str) -> pl.Expr:
        dtype = self._schema[name]
        return pl.col(name).cast(pl.List(dtype.inner)) if isinstance(dtype, pl.Array) else pl.col(name)

    def _transformed(self, node: Node, columns: Mapping[str, pl.Expr], plan: Plan) -> dict[str, pl.Expr]:
        if not isinstance(node.operator, FeatureOperator):
            raise TypeError(f"{node.operator} is no feature operator; leave it out of a workflow.")
        return node.operator.transform(columns, plan, self._state_of(node))

    def _flat_columns(self) -> list[str]:
        return [name for name, dtype in self._schema.items() if not isinstance(dtype, (pl.List, pl.Array))]

    def _row_hash(self, operator: FittedOperator, content: Sequence[str], keys: Sequence[str]) -> pl.Expr:
        if set(content) <= set(keys):
            raise ValueError(
                f"{operator} needs a column that tells rows of one category apart, and there are only "
                f"{', '.join(content)}; add one (a time, a user) to the frame."
            )
        return self._hash_of(content, operator)

    def _hash_of(self, content: Sequence[str], operator: FittedOperator) -> pl.Expr:
        for name in content:
            self._check(name, operator)
        return row_hash({name: self._schema[name] for name in content})

    def _check(self, name: str, needed_by: object) -> None:
        if name not in self._schema:
            there = ", ".join(self._schema) or "none"
            raise ValueError(f"the frame has no column {name!r}, which {needed_by} needs; it has {there}.")

