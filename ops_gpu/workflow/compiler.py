"""From a graph to a program: every node asked once what it does to the columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import polars as pl

from ops_gpu.graph.node import Node, evaluate, input_names, topological
from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.fitted_operator import RAW, ROW_HASH, FittedOperator
from ops_gpu.operators.base.grouped_program import GroupedProgram
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan, Program
from ops_gpu.operators.base.row_filter import RowFilter
from ops_gpu.primitives.key_dtypes import element_dtype
from ops_gpu.primitives.stable_hash import row_hash

Transform = Callable[["Compiler", Node, Mapping[str, pl.Expr], Plan], dict[str, pl.Expr]]
More = Callable[["Compiler"], dict[str, pl.Expr]]
Runs = Program | GroupedProgram


class Compiler:
    """Compiles nodes of a graph for frames of one schema.

    Args:
        schema: types of the frame's columns.
        state_of: the state of a node; empty for nodes that learn nothing.
    """

    def __init__(self, schema: Mapping[str, pl.DataType], state_of: Callable[[Node], NodeState]) -> None:
        self._schema = schema
        self._state_of = state_of

    def transform(self, node: Node) -> Runs:
        """The program that computes a node's columns."""
        return self._program(node, Compiler._plain)

    def keys(self, node: Node) -> Program:
        """The program that computes key columns of all rows, those that filters leave out among them."""
        plan = Plan(self._schema)
        return plan.finish(self._columns(node, plan, Compiler._plain, None)[0])

    def training(self, node: Node, training_of: Callable[[Node], Mapping[str, Any]]) -> Runs:
        """The same for the rows that the workflow was fitted on, where targets are encoded out of fold."""
        return self._program(node, partial(Compiler._training, training_of=training_of))

    def below(self, node: Node) -> Runs:
        """The program that computes what a fitted node's `partial` reads."""
        operator = node.operator
        assert isinstance(operator, FittedOperator)
        program = self._program(Node(None, node.parents), Compiler._plain, partial(Compiler._beside, operator=operator))
        if operator.numbers_only:
            types = program.lazy(pl.LazyFrame(schema=self._schema)).collect_schema()
            for name in node.input_names:
                check_number(operator.name, name, types[name])
        return program

    def _program(self, node: Node, transform: Transform, more: More | None = None) -> Runs:
        groups = node.space
        if groups is None:
            return self._flat(node, transform, more, None)
        assert groups.operator is not None
        before = self._program(Node(None, groups.parents), transform)
        grouped: Callable[[pl.LazyFrame], pl.LazyFrame] = groups.operator.grouped  # type: ignore[attr-defined]
        schema = grouped(before.lazy(pl.LazyFrame(schema=self._schema))).collect_schema()
        inner = Compiler(schema, self._state_of)
        return GroupedProgram(before, grouped, inner._flat(node, transform, more, groups))

    def _flat(self, node: Node, transform: Transform, more: More | None, above: Node | None) -> Program:
        """The program of what does not change rows, over raw columns or those of a node."""
        plan = Plan(self._schema)
        columns, kept = self._columns(node, plan, transform, above)
        return plan.finish(columns | (more(self) if more else {}), kept)

    def _columns(
        self, node: Node, plan: Plan, transform: Transform, above: Node | None
    ) -> tuple[dict[str, pl.Expr], list[str]]:
        for name in input_names(node) if above is None else above.names:
            self._check(name, "the workflow")
        consumers = Counter(id(parent) for current in topological(node) for parent in current.parents)
        filters: dict[int, str] = {}

        def apply(current: Node, columns: dict[str, pl.Expr]) -> dict[str, pl.Expr]:
            plan.kept = tuple(filters[id(other)] for other in topological(current) if id(other) in filters)
            _check_numbers(current.operator, columns, plan)
            given = transform(self, current, columns, plan)
            if isinstance(current.operator, RowFilter):
                filters[id(current)] = plan.column(current.operator.keeps(columns, plan)).meta.output_name()
            # What several nodes read is computed once, into columns of its own; and what looks at other rows before
            # any are left out.
            shared = consumers[id(current)] > 1 or getattr(current.operator, "across_rows", False)
            return {name: plan.column(expr) for name, expr in given.items()} if shared else given

        return evaluate(node, {name: self._input(name) for name in self._schema}, apply, above), [*filters.values()]

    def _beside(self, operator: FittedOperator) -> dict[str, pl.Expr]:
        """What a fitted operator's `partial` reads beside its columns."""
        columns: dict[str, pl.Expr] = {}
        for name in operator.dependencies():
            self._check(name, operator)
            check_number(operator.name, name, self._schema[name])
            columns[RAW + name] = pl.col(name)
        content = operator.row_content(self._flat_columns())
        if content:
            columns[ROW_HASH] = self._hash_of(content, operator)
        return columns

    def _input(self, name: str) -> pl.Expr:
        dtype = self._schema[name]
        return pl.col(name).cast(pl.List(dtype.inner)) if isinstance(dtype, pl.Array) else pl.col(name)

    def _plain(self, node: Node, columns: Mapping[str, pl.Expr], plan: Plan) -> dict[str, pl.Expr]:
        if not isinstance(node.operator, FeatureOperator):
            raise TypeError(f"{node.operator} is no feature operator; leave it out of a workflow.")
        return node.operator.transform(columns, plan, self._state_of(node))

    def _training(
        self,
        node: Node,
        columns: Mapping[str, pl.Expr],
        plan: Plan,
        training_of: Callable[[Node], Mapping[str, Any]],
    ) -> dict[str, pl.Expr]:
        operator = node.operator
        if not isinstance(operator, FittedOperator):
            return self._plain(node, columns, plan)
        content = operator.row_content(self._flat_columns())
        row_hash = self._row_hash(operator, content, node.input_names) if content else None
        return operator.transform_training(columns, plan, self._state_of(node), training_of(node), row_hash)

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


def _check_numbers(operator: object, columns: Mapping[str, pl.Expr], plan: Plan) -> None:
    if isinstance(operator, FeatureOperator) and operator.numbers_only:
        for name, expr in columns.items():
            check_number(operator.name, name, plan.dtype(expr))


def check_number(operator: str, name: str, dtype: pl.DataType) -> None:
    """ValueError where a column, or the elements of a list column, are no numbers."""
    element = element_dtype(dtype)
    if not (element.is_numeric() or element in (pl.Boolean, pl.Null)):
        raise ValueError(f"{operator} takes numbers, and column {name!r} is of type {dtype}; leave it out, or cast it.")
