"""LambdaOp: a function of one's own over expressions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import polars as pl

from ops_gpu.graph.node import Node, Step
from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.columns.column_function import OWN, ColumnFunction
from ops_gpu.operators.columns.python_function import feature_function
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

__all__ = ["LambdaOp", "feature_function"]


@dataclass(frozen=True, repr=False)
class LambdaOp(FeatureOperator):
    """Applies a function to every column: it takes an expression and gives one.

    The function must go value by value (`lambda x: x.abs() + 1`): one that looks at other rows, such as
    `x - x.mean()`, would give one row other values than many, and is refused. Nulls, NaN and unseen values are what it
    makes of them.

    A function that reads other columns names them in `dependency`, and finds them in its second argument, a mapping
    from names to expressions: `LambdaOp(lambda x, frame: x / frame["views"], dependency=["views"])`. They are the
    columns as they come to this node: what stands on the left of `>>` under that name, whatever the graph made of it,
    and else the raw column, as in NVTabular. What another branch made of it is taken where it stands on the left,
    `(["clicks"] + filled) >> ...`, or is named as a node, `dependency=[filled]`. Dependencies are not given on. A
    function that reads a column by name and does not declare it (`pl.col("views")`) is refused when the graph is built.

    Saved is what the function makes of columns, as data. So lambdas can be saved and served, and what is saved stays as
    it is when the function is edited. Expressions that run Python code (`map_batches`, functions of numpy) cannot be
    saved so: a function at the top of a module that is marked `@feature_function` is saved as `module:name`, and loaded
    where that module is imported already; a release cannot hold it (`ops_gpu.workflow.servable`).

    Args:
        f: the function, `f(column)` or `f(column, frame)`; or what a saved workflow has in its place.
        dependency: columns that it reads beside its own, by name or as nodes, one or several.
        label: what to show for it, in errors and prints.
        dtype: element type of the output, as the schema names it; by default what the function gives.
        tags: tags to add.
        properties: properties to add, as JSON.

    Raises:
        TypeError: when `f` is no function of a column (and a frame), or gives no expression.
        ValueError: when it looks at other rows, reads a column that is not declared, or a saved function is not there.

    Example:
        >>> node = ["price"] >> LambdaOp(lambda x: x.clip(0, 100), dtype="float32")
        >>> node = ["clicks"] >> LambdaOp(lambda x, frame: x / frame["views"], dependency=["views"])
    """

    before: ClassVar[Mapping[str, Any]] = {"dependency": ()}

    f: Callable[..., pl.Expr] | str | Mapping[str, Any]
    dependency: str | Node | Sequence[str | Node] = ()
    label: str | None = None
    dtype: str | None = None
    tags: Sequence[Tags | str] = ()
    properties: Mapping[str, Any] | None = None
    _function: ColumnFunction = field(init=False, compare=False)
    _nodes: tuple[Node, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        names, nodes = _names_and_nodes(self.dependency)
        object.__setattr__(self, "dependency", names)
        object.__setattr__(self, "_nodes", nodes)
        object.__setattr__(self, "_function", ColumnFunction.of(self.f, names))

    def parameters(self) -> dict[str, Any]:
        saved = {"dependency": self.dependency, "label": self.label, "dtype": self.dtype, "tags": list(self.tags)}
        properties = None if self.properties is None else dict(self.properties)
        return {"f": self._function.saved(isinstance(self.f, str)), **saved, "properties": properties}

    def check_saveable(self) -> None:
        found = self._function
        if found.expression is None and (found.python is None or found.python.place is None):
            raise TypeError(
                f"{self} cannot be saved: {found.why}; write it with Polars' own expressions, or define it with def at "
                "the top of a module that can be imported, and mark it @feature_function."
            )

    def check_servable(self) -> None:
        if self._function.expression is None:
            raise ValueError(
                f"{self} cannot be served, for nothing in a release runs code: {self._function.why}; write it with "
                "Polars' own expressions."
            )

    def __repr__(self) -> str:
        return f"LambdaOp({self.label or self._function})"

    def companions(self) -> tuple[str, ...]:
        return self._function.dependency

    def companion_nodes(self) -> tuple[Node, ...]:
        return self._nodes

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        own = tuple(name for name in names if name not in self.companions())
        for name in own:
            self._check_reads(name)
        return own

    def _check_reads(self, name: str) -> None:
        if not self._function.reads:
            raise ValueError(f"{self} makes the same of every value of column {name!r}; use what it is given.")
        foreign = sorted(self._function.reads - {OWN, name, *self.companions()})
        if foreign:
            raise ValueError(
                f"{self} is applied to column {name!r}, and reads {foreign[0]!r} by its name, which would be the raw "
                f"one whatever the graph makes of it; declare it: LambdaOp(f, dependency=[{foreign[0]!r}]), with "
                f"f(column, frame) and frame[{foreign[0]!r}]."
            )

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        return {*outputs, *self.companions()}

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        given = {name: plan.column(_typed(expr, plan)) for name, expr in columns.items()}
        types = {name: plan.dtype(expr) for name, expr in given.items()}
        own = self.output_names(list(columns))
        return {name: self._applied(self._function.over(name, given, types), name, plan) for name in own}

    def _applied(self, result: pl.Expr, name: str, plan: Plan) -> pl.Expr:
        found = plan.dtype(result)
        wanted = self._column(name, found).polars_dtype
        return result if found in (wanted, pl.Null) and self.dtype is None else result.cast(wanted)

    def _column(self, name: str, dtype: pl.DataType) -> ColumnSchema:
        column = ColumnSchema.from_polars(name, dtype)
        return column if self.dtype is None else column.with_dtype(self.dtype)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(self._described(schema[name], schema) for name in self.output_names(schema.names))

    def _described(self, column: ColumnSchema, schema: Schema) -> ColumnSchema:
        types = {name: schema[name].polars_dtype for name in (column.name, *self.companions())}
        made = self._function.over(column.name, {name: pl.col(name) for name in types}, types)
        output = self._column(column.name, pl.LazyFrame(schema=types).select(made).collect_schema().dtypes()[0])
        # What was known of the values before (domain, embedding width, list length) need not hold now.
        tags = column.tags - {Tags.LIST} | output.tags
        described = ColumnSchema(column.name, output.dtype, tags, column.properties, output.is_list)
        if Tags.CATEGORICAL in tags and "float" in output.dtype:
            described = described.with_tags([Tags.CONTINUOUS])
        return described.with_tags(self.tags).with_properties(self.properties or {})


Step.of_function = LambdaOp


def _names_and_nodes(
    dependency: str | Node | Sequence[str | Node],
) -> tuple[tuple[str, ...], tuple[Node, ...]]:
    """Names of all columns declared, and the nodes that give some of them."""
    given = [dependency] if isinstance(dependency, (str, Node)) else list(dependency)
    nodes = tuple(one for one in given if isinstance(one, Node))
    names = [name for one in given for name in (one.names if isinstance(one, Node) else [one])]
    return tuple(dict.fromkeys(names)), nodes


def _typed(expr: pl.Expr, plan: Plan) -> pl.Expr:
    # A column of nulls alone is Float64, as the schema says: few functions take the type Null.
    return expr.cast(pl.Float64) if plan.dtype(expr) == pl.Null else expr
