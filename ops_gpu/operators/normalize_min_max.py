"""NormalizeMinMax: numbers from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ops_gpu.list_values import as_float64, on_elements
from ops_gpu.node_state import NodeState
from ops_gpu.operators.feature_operator import NumberFunction
from ops_gpu.operators.numeric_statistics import NumericStatistics, continuous
from ops_gpu.plan import Plan
from ops_gpu.schema import ColumnSchema, Schema


@dataclass(frozen=True, repr=False)
class NormalizeMinMax(NumericStatistics):
    """`(x - min) / (max - min)`; columns and elements of lists.

    Values beyond those fitted on fall outside 0..1 (put `Clip` after it). Null, NaN and infinite values do
    not count; null stays null and NaN NaN. A column of one value becomes 0 (NVTabular gives NaN or 0.5).

    Args:
        out_dtype: `float32` or `float64`; computed in `float64` in any case.
    """

    out_dtype: str = "float32"

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return {name: self._scaled(expr, plan.dtype(expr), state[name]) for name, expr in columns.items()}

    def on_numbers(self, name: str, state: NodeState) -> NumberFunction:
        low, factor = _low_and_factor(state[name])
        return lambda values: ((values.astype(np.float64) - low) * factor).astype(self.out_dtype)

    def _scaled(self, expr: pl.Expr, dtype: pl.DataType, table: pl.DataFrame) -> pl.Expr:
        low, factor = _low_and_factor(table)
        out = ColumnSchema("", self.out_dtype).polars_dtype

        def scale(value: pl.Expr) -> pl.Expr:
            return ((as_float64(value, dtype) - low) * factor).cast(out)

        return on_elements(scale, expr, dtype)

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        return Schema(continuous(column, self.out_dtype) for column in schema)


def _low_and_factor(table: pl.DataFrame) -> tuple[float, float]:
    low, high = (number or 0.0 for number in table.select("min", "max").row(0))
    # Multiplied, not divided: Polars divides one row and many in ways that differ in the last bit.
    return low, 1 / (high - low) if high > low else 0.0
