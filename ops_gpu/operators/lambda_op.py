"""LambdaOp: a function of one's own over expressions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, TypeVar

import polars as pl

from ops_gpu.content_hash import hash_json
from ops_gpu.node_state import NodeState
from ops_gpu.operators.feature_operator import FeatureOperator
from ops_gpu.plan import Plan
from ops_gpu.schema import ColumnSchema, Schema, Tags

F = TypeVar("F", bound=Callable[..., Any])


def feature_function(function: F) -> F:
    """Marks a function of a module as one that a saved workflow may name: no file can name any other.

    Example:
        >>> @feature_function
        ... def in_euros(price: pl.Expr) -> pl.Expr:
        ...     return price / 100
    """
    function.__feature_function__ = True  # type: ignore[attr-defined]
    return function


@dataclass(frozen=True, repr=False)
class LambdaOp(FeatureOperator):
    """Applies a function to every column: it takes an expression and gives one.

    The function must go value by value (`lambda x: x.abs() + 1`): one that looks at other rows, such as
    `x - x.mean()`, gives one row other values than many. Nulls, NaN and unseen values are what it makes of them.

    A function of a module that is marked `@feature_function` is saved as `module:name`, and loaded where that module
    is imported already; its code is not saved. All others, lambdas among them, work, but cannot be saved.

    Args:
        f: the function; or, as saved, `module:name`.
        label: what to show for it, in errors and prints.
        dtype: element type of the output, as the schema names it; by default what the function gives.
        tags: tags to add.
        properties: properties to add, as JSON.

    Raises:
        TypeError: when `f` is no function, or gives no expression.
        ValueError: when a saved function is not there.

    Example:
        >>> node = ["price"] >> LambdaOp(lambda x: x.clip(0, 100), dtype="float32")
    """

    f: Callable[[pl.Expr], pl.Expr] | str
    label: str | None = None
    dtype: str | None = None
    tags: Sequence[Tags | str] = ()
    properties: Mapping[str, Any] | None = None
    _function: Callable[[pl.Expr], pl.Expr] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_function", _imported(self.f) if isinstance(self.f, str) else self.f)

    def parameters(self) -> dict[str, Any]:
        saved = {"label": self.label, "dtype": self.dtype, "tags": list(self.tags)}
        properties = None if self.properties is None else dict(self.properties)
        return {"f": _place(self._function) or _words(self._function), **saved, "properties": properties}

    def check_saveable(self) -> None:
        if _place(self._function) is None:
            raise TypeError(
                f"{self} cannot be saved: its function is a lambda, is nested, stands in __main__ or is not marked; "
                "define it with def at the top of a module that can be imported, and mark it @feature_function."
            )

    def __repr__(self) -> str:
        return f"LambdaOp({self.label or _place(self._function) or _words(self._function)})"

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return {name: self._applied(name, expr, plan) for name, expr in columns.items()}

    def _applied(self, name: str, expr: pl.Expr, plan: Plan) -> pl.Expr:
        # A column of nulls alone is Float64, as the schema says: few functions take the type Null.
        result = self._call(expr.cast(pl.Float64) if plan.dtype(expr) == pl.Null else expr)
        found = plan.dtype(result)
        wanted = self._column(name, found).polars_dtype
        return result if found in (wanted, pl.Null) and self.dtype is None else result.cast(wanted)

    def _call(self, expr: pl.Expr) -> pl.Expr:
        result = self._function(expr)
        if not isinstance(result, pl.Expr):
            raise TypeError(f"the function of {self} gave {type(result).__name__}; it must give a Polars expression.")
        return result

    def _column(self, name: str, dtype: pl.DataType) -> ColumnSchema:
        column = ColumnSchema.from_polars(name, dtype)
        return column if self.dtype is None else column.with_dtype(self.dtype)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(self._described(column) for column in schema)

    def _described(self, column: ColumnSchema) -> ColumnSchema:
        frame = pl.LazyFrame(schema={column.name: column.polars_dtype})
        dtype = frame.select(self._call(pl.col(column.name))).collect_schema().dtypes()[0]
        found = self._column(column.name, dtype)
        # What was known of the values before (domain, embedding width, list length) need not hold now.
        kept = column.tags - {Tags.LIST} | found.tags
        described = ColumnSchema(column.name, found.dtype, kept, column.properties, found.is_list)
        return described.with_tags(self.tags).with_properties(self.properties or {})


def _place(function: Callable[..., Any]) -> str | None:
    """`module:name` of a function that can be found there again; None for all others."""
    marked = isinstance(function, FunctionType) and getattr(function, "__feature_function__", False)
    if not isinstance(function, FunctionType) or not marked or function.__module__ == "__main__":
        return None
    module = sys.modules.get(function.__module__)
    found = getattr(module, function.__qualname__, None)
    return f"{function.__module__}:{function.__qualname__}" if found is function else None


def _imported(place: str) -> FunctionType:
    """The function at `module:name`; a saved workflow must not make anything be imported."""
    module, _, name = place.partition(":")
    found = getattr(sys.modules.get(module), name, None)
    if not isinstance(found, FunctionType) or _place(found) != place:
        raise ValueError(
            f"LambdaOp names the function {place!r}, which is not there; import module {module!r} before loading, "
            "and define the function at its top, marked @feature_function."
        )
    return found


def _words(function: Callable[..., Any]) -> str:
    """A function that has no place in a module: name, line and hash of what it does, for it is compared by these."""
    if not isinstance(function, FunctionType):
        return repr(function)
    code = function.__code__
    cells = [repr(cell.cell_contents) for cell in function.__closure__ or ()]
    content = hash_json([_content(code), repr(function.__defaults__), repr(function.__kwdefaults__), cells])
    return f"{function.__qualname__} {Path(code.co_filename).name}:{code.co_firstlineno} {content[:16]}"


def _content(code: CodeType) -> list[Any]:
    constants = [_content(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), constants, list(code.co_names), list(code.co_varnames)]
