"""Dropna: rows without missing values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.base.row_filter import RowFilter
from ops_gpu.operators.continuous.fill_missing import is_missing


@dataclass(frozen=True, repr=False)
class Dropna(RowFilter):
    """Keeps the rows in which no column taken is null or NaN; a list counts as missing where it is null itself.

    Every column that the workflow gives loses the same rows; see `Filter`.

    Example:
        >>> node = (["price"] >> Dropna() >> Normalize()) + ["user_id"]
    """

    def keeps(self, columns: Mapping[str, pl.Expr], plan: Plan) -> pl.Expr:
        return ~pl.any_horizontal(is_missing(expr, plan) for expr in columns.values())
