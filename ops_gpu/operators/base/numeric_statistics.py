"""NumericStatistics: what operators share that learn one summary a number column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import polars as pl

from ops_gpu.engines.engine import Engine
from ops_gpu.operators.base.fitted_operator import FittedOperator
from ops_gpu.operators.base.summary import merge_rows, merged_summary, settled, summary_of
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.tags import Tags


class NumericStatistics(FittedOperator):
    """Learns the summary of every column (of all elements, for lists), which subclasses use."""

    numbers_only: ClassVar[bool] = True
    scales: ClassVar[bool] = True

    def units(self, columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(columns)

    def partial(self, frame: pl.LazyFrame, columns: Sequence[str], weight: int) -> dict[str, pl.LazyFrame]:
        summaries = {name: frame.select(values_of(frame, name)).select(summary_of(pl.col(name))) for name in columns}
        return {name: summary.with_columns(settled()) for name, summary in summaries.items()}

    def collect(
        self, frame: pl.LazyFrame, columns: Sequence[str], weight: int, engine: Engine
    ) -> dict[str, pl.DataFrame]:
        types = frame.collect_schema()
        lists = [name for name in columns if isinstance(types[name], pl.List)]
        scalars = [name for name in columns if name not in lists]
        # One pass for all columns of numbers; lists have lengths of their own.
        row = engine.collect(
            frame.select(part for i, name in enumerate(scalars) for part in summary_of(pl.col(name), f"{i} "))
        )
        found = {name: _of_prefix(row, f"{i} ") for i, name in enumerate(scalars)}
        return found | (super().collect(frame, lists, weight, engine) if lists else {})

    def merge(self, unit: str, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        return merge_rows(frames, [], merged_summary(), settled())

    def finalize(
        self, tables: Mapping[str, pl.DataFrame], previous: Mapping[str, pl.DataFrame] | None
    ) -> dict[str, pl.DataFrame]:
        return {unit: table.with_columns(settled()) for unit, table in tables.items()}


def _of_prefix(row: pl.DataFrame, prefix: str) -> pl.DataFrame:
    names = [name for name in row.columns if name.startswith(prefix)]
    return row.select(pl.col(name).alias(name.removeprefix(prefix)) for name in names).with_columns(settled())


def values_of(frame: pl.LazyFrame, column: str) -> pl.Expr:
    """The values of a column, or all elements of a list column."""
    if isinstance(frame.collect_schema()[column], pl.List):
        return pl.col(column).explode(empty_as_null=False, keep_nulls=False)
    return pl.col(column)


def continuous(column: ColumnSchema, dtype: str) -> ColumnSchema:
    """Schema of a column of numbers that were computed."""
    tagged = column.without_tags([Tags.CATEGORICAL]).with_tags([Tags.CONTINUOUS])
    return replace(tagged, dtype=dtype, domain=None, embedding_dim=None)
