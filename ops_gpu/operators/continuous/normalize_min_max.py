"""NormalizeMinMax: numbers from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl

from ops_gpu.operators.base.feature_operator import NumberFunction
from ops_gpu.operators.base.numeric_statistics import NumericStatistics, continuous
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.continuous.scaling import Scaling
from ops_gpu.schema.schema import Schema


@dataclass(frozen=True, repr=False)
class NormalizeMinMax(NumericStatistics):
    """`(x - min) / (max - min)`; columns and elements of lists.

    Values beyond those fitted on fall outside 0..1 (put `Clip` after it). Null, NaN and infinite values do
    not count; null stays null and NaN NaN. A column of one value becomes 0 (NVTabular gives NaN or 0.5).

    Args:
        out_dtype: `float32` or `float64`; computed in `float64` in any case.

    Example:
        >>> frame = pl.DataFrame({"price": [10, 15, 20]})
        >>> Workflow(["price"] >> NormalizeMinMax()).fit(frame).transform(frame)["price"].to_list()
        [0.0, 0.5, 1.0]
    """

    out_dtype: str = "float32"

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return {
            name: _scaling(state[name]).expression(expr, plan.dtype(expr), self.out_dtype)
            for name, expr in columns.items()
        }

    def on_numbers(self, name: str, state: NodeState) -> NumberFunction:
        return partial(_scaling(state[name]).of_numbers, out_dtype=self.out_dtype)

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        return Schema(continuous(column, self.out_dtype) for column in schema)


def _scaling(table: pl.DataFrame) -> Scaling:
    low, high = (number or 0.0 for number in table.select("min", "max").row(0))
    return Scaling.to_range(low, high)
