"""LogOp: the logarithm of numbers with a heavy tail."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.operators.base.feature_operator import FeatureOperator, NumberFunction
from ops_gpu.operators.base.list_expressions import on_elements
from ops_gpu.operators.base.numeric_statistics import continuous
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.schema.schema import Schema


@dataclass(frozen=True, repr=False)
class LogOp(FeatureOperator):
    """`log(1 + x)` as Float32, computed in Float64; columns and elements of lists.

    -1 gives minus infinity and less gives NaN; null stays null and NaN NaN.

    Example:
        >>> frame = pl.DataFrame({"clicks": [0.0]})
        >>> Workflow(["clicks"] >> LogOp()).fit(frame).transform(frame)["clicks"].to_list()
        [0.0]
    """

    numbers_only: ClassVar[bool] = True

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return {name: on_elements(_log, expr, plan.dtype(expr)) for name, expr in columns.items()}

    def on_numbers(self, name: str, state: NodeState) -> NumberFunction:
        return _log_of_numbers

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(continuous(column, "float32") for column in schema)


def _log(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Float64).log1p().cast(pl.Float32)


def _log_of_numbers(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    # numpy's own differs in the last bit with the processor; the C library's is what Polars takes.
    result = [math.log1p(value) if value > -1 else -math.inf if value == -1 else math.nan for value in values.tolist()]
    return np.array(result, np.float64).astype(np.float32)
