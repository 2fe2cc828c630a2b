"""Sessionize: which visit of a user an event belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ops_gpu.operators.base.across_rows import AcrossRows, over_key
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.rows.difference_lag import names_of
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


@dataclass(frozen=True, repr=False)
class Sessionize(AcrossRows):
    """Numbers the sessions of each key from 0, as Int32: a new one begins after a gap longer than `gap`.

    Takes one column of times: numbers in any unit, dates or datetimes. A null time is in no session (null). Events at
    one moment are in one session. Rows may come in any order, and keep it.

    Args:
        gap: the longest pause within a session, in the unit of the times; in seconds for dates and datetimes.
        partition_cols: the key, such as the user.
        out_col: of the column given.

    Raises:
        ValueError: when the gap is negative, or more than one column of times is taken.

    Example:
        >>> node = ["time"] >> Sessionize(1800, "user_id")
    """

    gap: float
    partition_cols: str | Sequence[str]
    out_col: str = "session"

    def __post_init__(self) -> None:
        if self.gap < 0:
            raise ValueError(f"Sessionize has gap {self.gap}; give 0 or more.")

    def partition_keys(self) -> tuple[str, ...]:
        return names_of(self.partition_cols)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        if len(self.values(names)) != 1:
            raise ValueError(f"Sessionize takes one column of times, got {', '.join(self.values(names)) or 'none'}.")
        return (self.out_col,)

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        keys = over_key(columns, self.partition_keys(), plan)
        (name,) = self.values(list(columns))
        time = plan.column(_in_units(columns[name], plan.dtype(columns[name])))
        paused = ((time - time.shift(1)) > self.gap).over(keys, order_by=time)
        begins = plan.column(paused.fill_null(False).cast(pl.Int32))
        session = begins.cum_sum().over(keys, order_by=time)
        return {self.out_col: pl.when(time.is_not_null()).then(session).cast(pl.Int32)}

    def output_schema(self, schema: Schema) -> Schema:
        return Schema([ColumnSchema(self.out_col, "int32", frozenset({Tags.CONTEXT}))])


def _in_units(time: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Times as numbers: seconds for dates and datetimes, NaN as null."""
    if dtype.is_temporal():
        return time.cast(pl.Datetime("us")).to_physical() / 1_000_000
    if dtype.is_float():
        return time.fill_nan(None)
    if not (dtype.is_integer() or dtype == pl.Null):
        raise ValueError(f"Sessionize takes numbers, dates or datetimes, and its times are of type {dtype}; cast them.")
    return time.cast(pl.Int128)  # the difference of two of them may be wider than they are
