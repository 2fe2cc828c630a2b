"""ValueCount: how long lists are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ops_gpu.operators.base.fitted_operator import FittedOperator
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema


@dataclass(frozen=True, repr=False)
class ValueCount(FittedOperator):
    """Learns the least and the greatest length of lists, and sets `value_count` in the schema; values stay.

    A null list counts as an empty one, and nulls within a list count. Rows to come may be longer or shorter:
    that is no error, and changes nothing.

    Raises:
        ValueError: when a column holds no lists (one of nulls alone passes, and gets no limits).

    Example:
        >>> node = ["genres"] >> Categorify() >> ValueCount()
    """

    def units(self, columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(columns)

    def partial(self, frame: pl.LazyFrame, columns: Sequence[str], weight: int) -> dict[str, pl.LazyFrame]:
        schema = frame.collect_schema()
        lengths = {name: _length(name, schema[name]).cast(pl.Int64) for name in columns}
        return {
            name: frame.select(length.min().alias("min"), length.max().alias("max")) for name, length in lengths.items()
        }

    def merge(self, unit: str, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        return pl.concat(frames).select(pl.col("min").min(), pl.col("max").max())

    def finalize(
        self, tables: Mapping[str, pl.DataFrame], previous: Mapping[str, pl.DataFrame] | None
    ) -> dict[str, pl.DataFrame]:
        return dict(tables)

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return dict(columns)

    def source(self, name: str, taken: Sequence[str]) -> str | None:
        return name

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        return Schema(_limited(column, state) for column in schema)


def _length(name: str, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Null:
        return pl.col(name).is_not_null()  # always false, which is 0
    if not isinstance(dtype, pl.List):
        raise ValueError(f"ValueCount takes lists, and column {name!r} is of type {dtype}; leave it out.")
    return pl.col(name).list.len().fill_null(0)


def _limited(column: ColumnSchema, state: NodeState | None) -> ColumnSchema:
    if state is None or not column.is_list:
        return column
    least, greatest = state[column.name].row(0)
    return column if least is None else column.with_value_count(Domain(least, greatest))
