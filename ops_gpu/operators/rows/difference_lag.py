"""DifferenceLag: how much a number has changed since an earlier row of the same key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ops_gpu.operators.base.across_rows import AcrossRows, over_key
from ops_gpu.operators.base.numeric_statistics import continuous
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.schema.schema import Schema


@dataclass(frozen=True, repr=False)
class DifferenceLag(AcrossRows):
    """`x - x[row - shift]` within the rows of one key, as Float32 (computed in Float64); null where there is no
    such row, or either value is null.

    Gives `<column>_difference_lag_<shift>` for every column taken and shift. NVTabular's needs data that is sorted
    and split by key beforehand, and computes nonsense otherwise; here rows are put in order by `sort_cols` for the
    computation, and given back in the order in which they came.

    Args:
        partition_cols: the key, a column or several; null is a key like any other.
        shift: how many rows back (negative: ahead), or several.
        sort_cols: what orders the rows of a key; by default they are in order already.

    Raises:
        ValueError: when a shift is 0, or no key is given.

    Example:
        >>> node = ["price"] >> DifferenceLag("user_id", shift=[1, -1], sort_cols="time")
    """

    partition_cols: str | Sequence[str]
    shift: int | Sequence[int] = 1
    sort_cols: str | Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.partition_keys():
            raise ValueError("DifferenceLag has no partition_cols; name the columns whose rows belong together.")
        if 0 in self._shifts:
            raise ValueError("DifferenceLag has shift 0, which compares a row with itself; give another.")

    @property
    def _shifts(self) -> tuple[int, ...]:
        return (self.shift,) if isinstance(self.shift, int) else tuple(self.shift)

    def partition_keys(self) -> tuple[str, ...]:
        return names_of(self.partition_cols)

    def sort_keys(self) -> tuple[str, ...]:
        return names_of(self.sort_cols)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{name}_difference_lag_{shift}" for name in self.values(names) for shift in self._shifts)

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        given = {name: {f"{name}_difference_lag_{shift}" for shift in self._shifts} for name in self.values(names)}
        return {*self.required(names), *(name for name, lags in given.items() if not lags.isdisjoint(outputs))}

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        keys = over_key(columns, self.partition_keys(), plan)
        order = [plan.column(columns[name]) for name in self.sort_keys()] or None
        given: dict[str, pl.Expr] = {}
        for name in self.values(list(columns)):
            dtype = plan.dtype(columns[name])
            if not (dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)):
                raise ValueError(f"DifferenceLag takes numbers, and column {name!r} is of type {dtype}; cast it.")
            number = plan.column(columns[name].cast(pl.Float64))
            for shift in self._shifts:
                change = (number - number.shift(shift)).over(keys, order_by=order)
                given[f"{name}_difference_lag_{shift}"] = change.cast(pl.Float32)
        return given

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(
            continuous(schema[name].with_name(f"{name}_difference_lag_{shift}"), "float32")
            for name in self.values(schema.names)
            for shift in self._shifts
        )


def names_of(columns: str | Sequence[str]) -> tuple[str, ...]:
    """One name or several, as several."""
    return (columns,) if isinstance(columns, str) else tuple(columns)
