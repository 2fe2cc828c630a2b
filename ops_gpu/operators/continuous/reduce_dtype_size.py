"""ReduceDtypeSize: numbers in the smallest type that holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ops_gpu.operators.base.fitted_operator import FittedOperator
from ops_gpu.operators.base.numeric_statistics import values_of
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.primitives.key_dtypes import element_dtype
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema

_LARGEST = 2**63 - 1


@dataclass(frozen=True, repr=False)
class ReduceDtypeSize(FittedOperator):
    """Integers as the smallest of Int8 to Int64 that held all of them, floats as `float_dtype`; lists too.

    Limits are learnt as integers, so that none is rounded. A later value that does not fit (too large, or with a
    fraction where there were integers) becomes null, where NVTabular wraps around to another number. A UInt64
    column with values beyond Int64 stays UInt64. Null stays null, NaN stays NaN, and strings, booleans, dates and
    times stay as they are.

    Args:
        float_dtype: `float32` or `float64`; what is too large for `float32` becomes infinite.

    Raises:
        ValueError: when `float_dtype` is another type.

    Example:
        >>> node = ["age", "price"] >> ReduceDtypeSize()
    """

    float_dtype: str = "float32"

    def __post_init__(self) -> None:
        if self.float_dtype not in ("float32", "float64"):
            raise ValueError(f"ReduceDtypeSize has float_dtype {self.float_dtype!r}; choose float32 or float64.")

    def units(self, columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(columns)

    def partial(self, frame: pl.LazyFrame, columns: Sequence[str], weight: int) -> dict[str, pl.LazyFrame]:
        schema = frame.collect_schema()
        return {
            name: frame.select(values_of(frame, name).alias("value")).select(_limits(element_dtype(schema[name])))
            for name in columns
        }

    def merge(self, unit: str, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        flags = [pl.col(flag).any() for flag in ("beyond", "integer", "float")]
        return pl.concat(frames).select(pl.col("min").min(), pl.col("max").max(), *flags)

    def finalize(
        self, tables: Mapping[str, pl.DataFrame], previous: Mapping[str, pl.DataFrame] | None
    ) -> dict[str, pl.DataFrame]:
        return dict(tables)

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return {name: self._reduced(expr, plan.dtype(expr), state[name]) for name, expr in columns.items()}

    def _reduced(self, expr: pl.Expr, dtype: pl.DataType, table: pl.DataFrame) -> pl.Expr:
        element, name = element_dtype(dtype), self._dtype(element_dtype(dtype), table)
        if name is None:
            return expr
        target = ColumnSchema("", name).polars_dtype
        if element.is_float() and target.is_integer():
            expr = expr.list.eval(_whole(pl.element())) if isinstance(dtype, pl.List) else _whole(expr)
        return expr.cast(pl.List(target) if isinstance(dtype, pl.List) else target, strict=False)

    def _dtype(self, element: pl.DataType, table: pl.DataFrame) -> str | None:
        """Name of the type to give, or None for what is no number."""
        if not element.is_numeric() and element != pl.Null:
            return None
        least, greatest, beyond, integer, floating = table.row(0)
        if floating or not integer:
            return self.float_dtype
        if beyond:
            return "uint64"
        if least is None:
            return "int8"
        return next(
            f"int{bits}" for bits in (8, 16, 32, 64) if -(2 ** (bits - 1)) <= least and greatest < 2 ** (bits - 1)
        )

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        if state is None:
            return schema
        return Schema(self._smaller(column, state[column.name]) for column in schema)

    def _smaller(self, column: ColumnSchema, table: pl.DataFrame) -> ColumnSchema:
        name = self._dtype(element_dtype(column.polars_dtype), table)
        return column if name is None else column.with_dtype(name)


def _limits(element: pl.DataType) -> list[pl.Expr]:
    """Aggregations of column `value`: its limits as Int64, whether it goes beyond, and what kind it is of."""
    value = pl.col("value")
    known = value.cast(pl.Int64, strict=False) if element.is_integer() else pl.lit(None, pl.Int64)
    beyond = (value > _LARGEST).any() if element == pl.UInt64 else pl.lit(False)
    return [
        known.min().alias("min"),
        known.max().alias("max"),
        beyond.alias("beyond"),
        pl.lit(element.is_integer()).alias("integer"),
        pl.lit(element.is_float()).alias("float"),
    ]


def _whole(value: pl.Expr) -> pl.Expr:
    """Floats without those that have a fraction."""
    return pl.when(value == value.round()).then(value)
