"""FillMissing: a value for what is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ops_gpu.operators.base.feature_operator import FeatureOperator, NumberFunction
from ops_gpu.operators.base.list_expressions import on_elements
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.primitives.key_dtypes import element_dtype
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema


@dataclass(frozen=True, repr=False)
class FillMissing(FeatureOperator):
    """Replaces null and NaN by a value; in lists the elements, and a null list by an empty one.

    Args:
        fill_val: the value; a fraction turns an integer column into Float64.
        add_binary_cols: adds the columns `<name>_filled`, true where the value was missing.

    Example:
        >>> node = ["price"] >> FillMissing(0.0, add_binary_cols=True)
    """

    fill_val: float | str = 0
    add_binary_cols: bool = False

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (*names, *(f"{name}_filled" for name in names if self.add_binary_cols))

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        return {name for name in names if name in outputs or f"{name}_filled" in outputs}

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        filled = {name: fill_missing(name, expr, self.fill_val, plan) for name, expr in columns.items()}
        if self.add_binary_cols:
            filled |= {f"{name}_filled": is_missing(expr, plan) for name, expr in columns.items()}
        return filled

    def on_numbers(self, name: str, state: NodeState) -> NumberFunction | None:
        value = self.fill_val
        if isinstance(value, str) or float(np.float32(value)) != value:
            return None  # a column of float32 takes another value then
        return lambda values: np.where(np.isnan(values), values.dtype.type(value), values)

    def output_schema(self, schema: Schema) -> Schema:
        return filled_schema(schema, self.add_binary_cols, isinstance(self.fill_val, float))


def fill_missing(name: str, expr: pl.Expr, value: float | str, plan: Plan) -> pl.Expr:
    """Null and NaN of column `name` replaced by a value; ValueError where the value is of another kind."""
    dtype = plan.dtype(expr)
    element = element_dtype(dtype)
    is_text = element == pl.String or isinstance(element, (pl.Categorical, pl.Enum))
    is_number = element.is_numeric() or element in (pl.Boolean, pl.Null)
    if not (is_text if isinstance(value, str) else is_number):
        raise ValueError(
            f"column {name!r} is of type {dtype}, and cannot be filled with {value!r}; choose a value of its type."
        )
    as_float = element == pl.Null or (element.is_integer() and isinstance(value, float))

    def fill(values: pl.Expr) -> pl.Expr:
        if is_text:
            return (values if element == pl.String else values.cast(pl.String)).fill_null(str(value))
        number = values.cast(pl.Float64) if as_float else values
        if as_float or element.is_float():
            # The shortest expression, for single rows are served; of null `is_not_nan` is null, so not true.
            return pl.when(number.is_not_nan()).then(number).otherwise(pl.lit(value))
        return number.fill_null(bool(value) if element == pl.Boolean else value)

    return on_elements(fill, expr, dtype)


def is_missing(expr: pl.Expr, plan: Plan) -> pl.Expr:
    """True where a value is null or NaN; for lists where the whole list is null."""
    return expr.is_null() | expr.is_nan() if plan.dtype(expr).is_float() else expr.is_null()


def filled_schema(schema: Schema, add_binary_cols: bool, fraction: bool) -> Schema:
    """Schema after filling: integers become `float64` where a fraction may be put in."""
    columns = [c.with_dtype("float64") if fraction and "int" in c.dtype else c for c in schema]
    flags = [ColumnSchema(f"{c.name}_filled", "bool", c.tags, {}) for c in schema if add_binary_cols]
    return Schema([*columns, *flags])
