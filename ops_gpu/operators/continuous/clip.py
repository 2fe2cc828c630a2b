"""Clip: numbers within limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import polars as pl

from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.list_expressions import on_elements
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.primitives.key_dtypes import element_dtype
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema


@dataclass(frozen=True, repr=False)
class Clip(FeatureOperator):
    """Sets what is below `min_value` to it, and what is above `max_value` to that; null and NaN pass.

    Columns and elements of lists. A limit that is a float makes integers Float64; booleans become Int32, 0 and 1.

    Args:
        min_value: lower limit, or None.
        max_value: upper limit, or None.

    Raises:
        ValueError: when neither is given, or the lower is above the upper.

    Example:
        >>> frame = pl.DataFrame({"price": [-1, 5]})
        >>> Workflow(["price"] >> Clip(min_value=0)).fit(frame).transform(frame)["price"].to_list()
        [0, 5]
    """

    numbers_only: ClassVar[bool] = True

    min_value: float | None = None
    max_value: float | None = None

    def __post_init__(self) -> None:
        if self.min_value is None and self.max_value is None:
            raise ValueError("Clip has neither min_value nor max_value; give at least one.")
        if self.min_value is not None and self.max_value is not None and self.min_value > self.max_value:
            raise ValueError(f"Clip has min_value {self.min_value} above max_value {self.max_value}; swap them.")

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return {name: self._of(expr, plan.dtype(expr)) for name, expr in columns.items()}

    def _of(self, expr: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        whole, nothing = (element_dtype(dtype) == kind for kind in (pl.Boolean, pl.Null))
        as_number = pl.Float64() if nothing or (whole and self._fraction) else pl.Int32() if whole else None
        return on_elements(partial(self._clipped, as_number=as_number), expr, dtype)

    @property
    def _fraction(self) -> bool:
        return any(isinstance(limit, float) for limit in (self.min_value, self.max_value))

    def _clipped(self, value: pl.Expr, as_number: pl.DataType | None) -> pl.Expr:
        # `clip` would cast a fractional limit to the type of an integer column; comparing does not.
        result = value if as_number is None else value.cast(as_number)
        if self.min_value is not None:
            result = pl.when(result < self.min_value).then(pl.lit(self.min_value)).otherwise(result)
        if self.max_value is not None:
            # Polars orders NaN above everything, so it is kept aside.
            above = (result > self.max_value) & ~result.cast(pl.Float64).is_nan()
            result = pl.when(above).then(pl.lit(self.max_value)).otherwise(result)
        return result

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(self._limited(column) for column in schema)

    def _limited(self, column: ColumnSchema) -> ColumnSchema:
        known = column.domain or Domain()
        whole = "int32" if column.dtype == "bool" else column.dtype
        dtype = "float64" if self._fraction and "int" in whole else whole
        return replace(column, dtype=dtype, domain=Domain(self.min_value, self.max_value, known.name))
