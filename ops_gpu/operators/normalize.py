"""Normalize: numbers with mean 0 and standard deviation 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ops_gpu.list_values import as_float64, on_elements
from ops_gpu.node_state import NodeState
from ops_gpu.operators.feature_operator import NumberFunction
from ops_gpu.operators.numeric_statistics import NumericStatistics, continuous
from ops_gpu.operators.summary import standard_deviation
from ops_gpu.plan import Plan
from ops_gpu.schema import ColumnSchema, Schema


@dataclass(frozen=True, repr=False)
class Normalize(NumericStatistics):
    """`(x - mean) / std`, with the sample standard deviation; columns and elements of lists.

    Null, NaN and infinite values do not count; null stays null and NaN NaN, so put `FillMissing` before. A
    column of one value (or none) becomes 0. The output is Float32 by default, where NVTabular's is Float64,
    because that is what models take.

    Args:
        out_dtype: `float32` or `float64`; computed in `float64` in any case.

    Example:
        >>> node = ["price"] >> FillMissing() >> Normalize()
    """

    out_dtype: str = "float32"

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return {name: self._scaled(expr, plan.dtype(expr), state[name]) for name, expr in columns.items()}

    def on_numbers(self, name: str, state: NodeState) -> NumberFunction:
        mean, factor = _mean_and_factor(state[name])
        return lambda values: ((values.astype(np.float64) - mean) * factor).astype(self.out_dtype)

    def _scaled(self, expr: pl.Expr, dtype: pl.DataType, table: pl.DataFrame) -> pl.Expr:
        mean, factor = _mean_and_factor(table)

        def scale(value: pl.Expr) -> pl.Expr:
            scaled = (as_float64(value, dtype) - mean) * factor
            return scaled.cast(ColumnSchema("", self.out_dtype).polars_dtype)

        return on_elements(scale, expr, dtype)

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        return Schema(continuous(column, self.out_dtype) for column in schema)


def _mean_and_factor(table: pl.DataFrame) -> tuple[float, float]:
    row = table.select("mean", standard_deviation().fill_nan(0.0).alias("std")).row(0)
    mean, deviation = float(row[0]), float(row[1])
    # Multiplied, not divided: Polars divides one row and many in ways that differ in the last bit.
    return mean, 1 / deviation if deviation > 0 else 1.0
