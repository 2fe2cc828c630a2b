"""FillMedian: the median for what is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from ops_gpu.operators.base.fitted_operator import FittedOperator
from ops_gpu.operators.base.numeric_statistics import values_of
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.continuous.fill_missing import fill_missing, filled_schema, is_missing
from ops_gpu.primitives.key_dtypes import positive_zero
from ops_gpu.schema.schema import Schema

# Up to so many distinct values the median is exact.
EXACT = 100_000
# Beyond, values are kept in buckets whose ends differ by this factor.
GAMMA = 1.002


@dataclass(frozen=True, repr=False)
class FillMedian(FittedOperator):
    """Replaces null and NaN by the median of the column; in lists the elements.

    The median is exact up to 100,000 distinct values, and beyond that within 0.1 % of the true one
    (logarithmic buckets, as DDSketch, Masson, Rim, Lee 2019, which merge exactly). Of an even number of
    values it is the mean of the middle two; of none 0. Infinite values do not count. Integers become Float64.

    Args:
        add_binary_cols: adds the columns `<name>_filled`, true where the value was missing.

    Example:
        >>> frame = pl.DataFrame({"price": [1.0, None, 3.0]})
        >>> Workflow(["price"] >> FillMedian()).fit(frame).transform(frame)["price"].to_list()
        [1.0, 2.0, 3.0]
    """

    numbers_only: ClassVar[bool] = True
    scales: ClassVar[bool] = True

    add_binary_cols: bool = False

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (*names, *(f"{name}_filled" for name in names if self.add_binary_cols))

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        return {name for name in names if name in outputs or f"{name}_filled" in outputs}

    def units(self, columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(columns)

    def partial(self, frame: pl.LazyFrame, columns: Sequence[str], weight: int) -> dict[str, pl.LazyFrame]:
        return {
            column: frame.select(values_of(frame, column).cast(pl.Float64).alias("value"))
            .filter(pl.col("value").is_finite())
            .group_by(positive_zero(pl.col("value")).alias("value"))
            .agg(pl.len().cast(pl.Int64).alias("count"), pl.lit(False).first().alias("in_buckets"))
            for column in columns
        }

    def merge(self, unit: str, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        rows = _merged(pl.concat(frames, how="vertical_relaxed"))
        if len(rows) <= EXACT and not rows["in_buckets"].any():
            return rows
        return _merged(rows.with_columns(_bucket(pl.col("value")), pl.lit(True).alias("in_buckets")))

    def finalize(
        self, tables: Mapping[str, pl.DataFrame], previous: Mapping[str, pl.DataFrame] | None
    ) -> dict[str, pl.DataFrame]:
        return {unit: pl.DataFrame({"median": [_median(table)]}) for unit, table in tables.items()}

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        filled = {name: fill_missing(name, expr, float(state[name].item()), plan) for name, expr in columns.items()}
        if self.add_binary_cols:
            filled |= {f"{name}_filled": is_missing(expr, plan) for name, expr in columns.items()}
        return filled

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        return filled_schema(schema, self.add_binary_cols, fraction=True)


def _merged(rows: pl.DataFrame) -> pl.DataFrame:
    merged = rows.group_by("value").agg(pl.col("count").sum(), pl.col("in_buckets").any())
    return merged.sort("value")


def _bucket(value: pl.Expr) -> pl.Expr:
    """The middle of a value's bucket, which is its own middle; zero stays zero."""
    power = (value.abs().log() / pl.lit(GAMMA).log()).ceil()
    middle = (power * pl.lit(GAMMA).log()).exp() * (2 / (1 + GAMMA))
    return pl.when(value == 0).then(0.0).otherwise(value.sign() * middle).alias("value")


def _median(rows: pl.DataFrame) -> float:
    ordered = rows.sort("value").with_columns(pl.col("count").cum_sum().alias("up_to"))
    total = int(rows["count"].sum())
    if total == 0:
        return 0.0
    middle = [ordered.filter(pl.col("up_to") > rank)["value"][0] for rank in ((total - 1) // 2, total // 2)]
    return float(sum(middle) / 2)
