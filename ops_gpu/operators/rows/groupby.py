"""Groupby: one row a group."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import polars as pl

from ops_gpu.operators.base.across_rows import AcrossRows
from ops_gpu.operators.base.numeric_statistics import continuous
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.rows.difference_lag import names_of
from ops_gpu.primitives.key_dtypes import positive_zero
from ops_gpu.primitives.largest import bounded
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

AGGREGATIONS = ("list", "first", "last", "count", "nunique", "sum", "mean", "median", "std", "var", "min", "max")
FLOATS = ("mean", "median", "std", "var")
OF_LISTS = ("first", "last", "count")


@dataclass(frozen=True, repr=False)
class Groupby(AcrossRows):
    """One row for each value of the key, in the order in which they first come, with `<column>_<aggregation>`.

    NVTabular's groups each partition by itself, so that a user whose events lie in two files gets two rows; here a
    data set in files is brought together by key first. Null is a key like any other, as is NaN (one of them both).

    Null, NaN and infinite numbers do not count but in `list`, `first` and `last`, which follow `sort_cols`, rows
    of equal ones the order in which they come; rows without a place in it (null) come last in lists, and are
    neither first nor last where others are. `count` counts values, `nunique` distinct ones, as Int32; `mean`,
    `median`, `std`, `var` (with n - 1) are Float32 (its largest number where they are larger), `sum` Int64 (null
    where it does not fit) or Float64; null over nothing, but for `sum`, which is 0. Of lists there are `first`,
    `last` and `count`.

    Args:
        groupby_cols: the key, a column or several; given on as they are.
        sort_cols: what orders the rows of a group; by default they are in order already.
        aggs: an aggregation or several, for all other columns taken or by name of columns (which are taken then, so
            that one that the data lack is told by `fit` and `transform`): `list`, `first`, `last`,
            `count`, `nunique`, `sum`, `mean`, `median`, `std`, `var`, `min`, `max`.
        name_sep: between the parts of the names given.
        ascending: whether lists follow rising `sort_cols`; False gives them backwards. `first` is the earliest and
            `last` the latest in any case.
        turn_ends: whether `first` and `last` turn with the lists, as they did in workflows that older versions saved.

    Raises:
        ValueError: when an aggregation is unknown, no key is given, or lists are to be
            turned and nothing orders them.

    Example:
        >>> node = ["item_id", "price"] >> Groupby("user_id", "time", {"item_id": "list", "price": ["mean", "max"]})
    """

    regroups: ClassVar[bool] = True
    before: ClassVar[Mapping[str, Any]] = {"turn_ends": True}

    groupby_cols: str | Sequence[str]
    sort_cols: str | Sequence[str] = ()
    aggs: str | Sequence[str] | Mapping[str, str | Sequence[str]] = "list"
    name_sep: str = "_"
    ascending: bool = True
    turn_ends: bool = False

    def __post_init__(self) -> None:
        if not self.partition_keys():
            raise ValueError("Groupby has no groupby_cols; name the columns that make a group.")
        if not (self.ascending or self.turn_ends or self.sort_keys()):
            raise ValueError("Groupby has ascending=False and no sort_cols to fall; name the columns that order rows.")
        several = self.aggs.values() if isinstance(self.aggs, Mapping) else [self.aggs]
        for agg in (agg for aggs in several for agg in names_of(aggs)):
            if agg not in AGGREGATIONS:
                raise ValueError(f"Groupby has no aggregation {agg!r}; choose from {', '.join(AGGREGATIONS)}.")

    def parameters(self) -> dict[str, Any]:
        # Where nothing is turned, what was saved before means the same.
        return super().parameters() | ({"turn_ends": True} if self.ascending else {})

    def partition_keys(self) -> tuple[str, ...]:
        return names_of(self.groupby_cols)

    def sort_keys(self) -> tuple[str, ...]:
        return names_of(self.sort_cols)

    def companions(self) -> tuple[str, ...]:
        named = self.aggs if isinstance(self.aggs, Mapping) else ()
        return tuple(dict.fromkeys([*super().companions(), *named]))

    def _aggregated(self, names: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Column and aggregation by the name given."""
        if isinstance(self.aggs, Mapping):
            chosen = {name: names_of(aggs) for name, aggs in self.aggs.items() if name in names}
        else:
            beside = {*self.partition_keys(), *self.sort_keys()}
            chosen = {name: names_of(self.aggs) for name in names if name not in beside}
        return {self.name_sep.join([name, agg]): (name, agg) for name, aggs in chosen.items() for agg in aggs}

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (*self.partition_keys(), *self._aggregated(names))

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        taken = (name for output, (name, _) in self._aggregated(names).items() if output in outputs)
        return {*self.required(names), *taken}

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        raise TypeError("Groupby changes rows, and is run by `grouped`.")

    def grouped(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The groups of a frame that holds the columns taken."""
        schema = frame.collect_schema()
        keys = [_key(name, schema[name]) for name in self.partition_keys()]
        order = [name for name in self.sort_keys() if name in schema]
        for name, agg in self._aggregated(schema.names()).values():
            if isinstance(schema[name], (pl.List, pl.Array)) and agg not in OF_LISTS:
                raise ValueError(
                    f"Groupby takes {', '.join(OF_LISTS)} of lists, and {agg} of column {name!r}, which is of type "
                    f"{schema[name]}; name others for it in aggs."
                )
            if agg in ("sum", *FLOATS) and not (schema[name].is_numeric() or schema[name] in (pl.Boolean, pl.Null)):
                raise ValueError(
                    f"Groupby takes the {agg} of numbers, and column {name!r} is of type {schema[name]}; name other "
                    "aggregations for it in aggs."
                )
        outputs = self._aggregated(schema.names())
        aggregated = [
            _aggregate(self._sorted(pl.col(name), order, agg), agg, schema[name]).alias(output)
            for output, (name, agg) in outputs.items()
        ]
        return frame.group_by(keys, maintain_order=True).agg(aggregated)

    def _sorted(self, column: pl.Expr, order: Sequence[str], agg: str) -> pl.Expr:
        if not order or agg not in ("list", "first", "last"):
            return column
        if self.turn_ends and not self.ascending:
            return column.sort_by(order, descending=True, maintain_order=True)
        # What has no place in the order is behind all others in a list, and before them where the last is wanted.
        turned = agg == "list" and not self.ascending
        rising = column.sort_by(order, nulls_last=agg != "last" and not turned, maintain_order=True)
        return rising.reverse() if turned else rising

    def output_schema(self, schema: Schema) -> Schema:
        keys = [schema[name] for name in self.partition_keys()]
        outputs = self._aggregated(schema.names).items()
        return Schema([*keys, *(_described(schema[name].with_name(output), agg) for output, (name, agg) in outputs)])


def _key(name: str, dtype: pl.DataType) -> pl.Expr:
    return positive_zero(pl.col(name).fill_nan(None)).alias(name) if dtype.is_float() else pl.col(name)


def _aggregate(column: pl.Expr, agg: str, dtype: pl.DataType) -> pl.Expr:
    if agg == "list":
        return column.implode()
    if agg in ("first", "last"):
        return column.first() if agg == "first" else column.last()
    if dtype.is_float():
        column = pl.when(column.is_finite()).then(column)
    if agg in ("count", "nunique"):
        return (column.count() if agg == "count" else column.drop_nulls().n_unique()).cast(pl.Int32)
    if agg in ("min", "max"):
        return column.min() if agg == "min" else column.max()
    number = column.cast(pl.Float64)
    if agg == "sum":
        whole = dtype.is_integer() or dtype == pl.Boolean
        return column.cast(pl.Int128).sum().cast(pl.Int64, strict=False) if whole else bounded(number.sum(), "float64")
    statistics: dict[str, pl.Expr] = {"mean": number.mean(), "median": number.median(), "std": number.std()}
    statistic = statistics[agg] if agg in statistics else number.var()
    if agg in ("std", "var"):
        # Of values that are all equal, rounding would leave some; of a single one there is none.
        statistic = pl.when(number.min() == number.max(), statistic.is_not_null()).then(0.0).otherwise(statistic)
    return bounded(statistic).cast(pl.Float32)


def _described(column: ColumnSchema, agg: str) -> ColumnSchema:
    if agg == "list":
        return replace(column.with_tags([Tags.LIST]), is_list=True, value_count=None)
    if agg in ("first", "last", "min", "max"):
        return column
    if agg in ("count", "nunique"):
        return continuous(replace(column.without_tags([Tags.LIST]), is_list=False, value_count=None), "int32")
    whole = agg == "sum" and ("int" in column.dtype or column.dtype == "bool")
    return continuous(column, "int64" if whole else "float64" if agg == "sum" else "float32")
