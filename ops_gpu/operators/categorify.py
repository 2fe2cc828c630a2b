"""Categorify: values as codes, from 0 up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import polars as pl

from ops_gpu.key_types import as_key, element_dtype, key_dtype
from ops_gpu.lookup_table import LookupTable
from ops_gpu.node_state import NodeState
from ops_gpu.operator import Groups
from ops_gpu.operators.column_groups import check_groups, units_of
from ops_gpu.operators.fitted_operator import FittedOperator
from ops_gpu.operators.hash_bucket import hashed
from ops_gpu.operators.numeric_statistics import values_of
from ops_gpu.operators.per_column import per_column
from ops_gpu.plan import Plan
from ops_gpu.schema import ColumnSchema, Domain, Schema, Tags, embedding_dimension
from ops_gpu.stable_hash import hash_series

PADDING, NULL, OUT_OF_VOCABULARY = 0, 1, 2


@dataclass(frozen=True, repr=False)
class Categorify(FittedOperator):
    """Integers for values: columns and elements of lists (where a null list gives an empty one), as Int32.

    Code 0 is for padding and never given out, 1 is null and NaN, 2 is a value out of the vocabulary (with
    `num_buckets` the codes from 2 on, chosen by a stable hash), and then comes the vocabulary: by falling
    frequency, ties by value. A later fit appends values that are new and moves none.

    Columns share one vocabulary when they stand in one group (`[["home", "away"]] >> Categorify()`), or all
    of them when `domain` names it (`["item_id", "history"] >> Categorify(domain="item_id")`).

    Args:
        freq_threshold: values seen less often stay out of the vocabulary; for all columns, or by name (of
            the column, group or domain).
        max_size: most codes in all, those below the vocabulary included; 0 for no limit; for all or by name.
        num_buckets: number of codes for values out of the vocabulary; for all or by name.
        domain: name of the vocabulary that all columns share.
        groups: columns that share a vocabulary; filled by inner lists on the left of `>>`.

    Raises:
        ValueError: when `max_size` leaves no room for a vocabulary, or `num_buckets` is below 1.

    Example:
        >>> frame = pl.DataFrame({"city": ["a", "b", "b"]})
        >>> Workflow(["city"] >> Categorify(freq_threshold=2)).fit(frame).transform(frame)["city"].to_list()
        [2, 3, 3]
    """

    freq_threshold: int | Mapping[str, int] = 0
    max_size: int | Mapping[str, int] = 0
    num_buckets: int | Mapping[str, int] | None = None
    domain: str | None = None
    groups: Groups = ()

    registers: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_groups(self.name, self.groups)
        sizes = self.num_buckets if isinstance(self.num_buckets, Mapping) else {"": self.num_buckets}
        for size in sizes.values():
            if size is not None and size < 1:
                raise ValueError(f"Categorify has num_buckets {size}; give 1 or more, or leave it out.")

    def with_groups(self, groups: Groups) -> Categorify:
        return replace(self, groups=groups)

    def unit(self, column: str) -> str:
        """Name of the vocabulary of a column."""
        if self.domain is not None:
            return self.domain
        return next(("_".join(group) for group in self.groups if column in group), column)

    def first_code(self, unit: str) -> int:
        """The code of the most frequent value."""
        return OUT_OF_VOCABULARY + (per_column(self.name, "num_buckets", self.num_buckets, unit) or 1)

    def cardinality(self, unit: str, state: NodeState) -> int:
        """Number of codes, those below the vocabulary included."""
        return self.first_code(unit) + len(state[unit])

    def _units(self, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
        return {self.domain: tuple(columns)} if self.domain else units_of(columns, self.groups, partly=True)

    def units(self, columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._units(columns))

    def apart(self, columns: Sequence[str]) -> list[tuple[str, ...]]:
        return list(self._units(columns).values())

    def partial(self, frame: pl.LazyFrame, columns: Sequence[str], weight: int) -> dict[str, pl.LazyFrame]:
        return {
            unit: pl.concat([_keys(frame, name) for name in names], how="vertical_relaxed")
            .group_by("value")
            .agg((pl.len().cast(pl.Int64) * weight).alias("count"))
            for unit, names in self._units(columns).items()
        }

    def merge(self, unit: str, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        if len(frames) == 1:
            return frames[0]
        types = {frame.schema["value"] for frame in frames} - {pl.Null()}
        if len(types) > 1:
            found = " and ".join(sorted(str(dtype) for dtype in types))
            raise ValueError(f"column {unit!r} is of type {found} in different parts; cast it to one type.")
        rows = pl.concat(frames, how="vertical_relaxed")
        return rows.group_by("value").agg(pl.col("count").sum())

    def finalize(
        self, tables: Mapping[str, pl.DataFrame], previous: Mapping[str, pl.DataFrame] | None
    ) -> dict[str, pl.DataFrame]:
        before = previous or {}
        return {unit: self._vocabulary(unit, table, before.get(unit)) for unit, table in tables.items()}

    def extend(
        self,
        before: Mapping[str, Sequence[pl.DataFrame]],
        new: Mapping[str, pl.DataFrame],
        both: Mapping[str, pl.DataFrame],
        previous: Mapping[str, pl.DataFrame],
    ) -> dict[str, pl.DataFrame]:
        # Only what the new rows have can enter a vocabulary now, so only that is counted again.
        state = dict(previous)
        for unit, table in new.items():
            alike = all(frame.schema == table.schema for frame in before.get(unit, ()))
            seen = [f.join(table, on="value", how="semi", nulls_equal=True) for f in before.get(unit, ()) if alike]
            counts = self.merge(unit, [table, *seen]) if alike else both[unit]
            state[unit] = self._vocabulary(unit, counts, previous.get(unit))
        return state

    def _vocabulary(self, unit: str, table: pl.DataFrame, previous: pl.DataFrame | None) -> pl.DataFrame:
        threshold = per_column(self.name, "freq_threshold", self.freq_threshold, unit) or 0
        frequent = table.filter(pl.col("value").is_not_null() & (pl.col("count") >= threshold))
        values = frequent.sort("count", "value", descending=[True, False]).select("value")
        if previous is not None and len(previous):
            new = values.cast(previous.schema).join(previous, on="value", how="anti", maintain_order="left")
            values = pl.concat([previous, new])
        room = self._room(unit)
        return values if room is None else values.head(max(room, 0 if previous is None else len(previous)))

    def _room(self, unit: str) -> int | None:
        size = per_column(self.name, "max_size", self.max_size, unit) or 0
        if not size:
            return None
        if size <= self.first_code(unit):
            raise ValueError(
                f"Categorify has max_size {size} for {unit!r}, which leaves no room for values; "
                f"give at least {self.first_code(unit) + 1}."
            )
        return size - self.first_code(unit)

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return {name: self._codes(name, expr, plan, state) for name, expr in columns.items()}

    def _codes(self, name: str, expr: pl.Expr, plan: Plan, state: NodeState) -> pl.Expr:
        unit = self.unit(name)
        first = self.first_code(unit)
        table = state.derived(unit, "codes", partial(_table, first=first))
        key = plan.column(expr)
        code = plan.lookup([name], [key], table)[0]
        if first == OUT_OF_VOCABULARY + 1:
            return code
        bucket = hashed(key, plan.dtype(key), partial(_bucket, buckets=first - OUT_OF_VOCABULARY))
        return _where_unknown(code, bucket, plan)

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        return Schema(self._coded(column, state) for column in schema)

    def _coded(self, column: ColumnSchema, state: NodeState | None) -> ColumnSchema:
        tagged = column.without_tags([Tags.CONTINUOUS]).with_tags([Tags.CATEGORICAL])
        unit = self.unit(column.name)
        if state is None:
            return replace(tagged, dtype="int32", domain=Domain(0, None, unit), embedding_dim=None)
        size = self.cardinality(unit, state)
        coded = replace(
            tagged, dtype="int32", domain=Domain(0, size - 1, unit), embedding_dim=embedding_dimension(size)
        )
        return coded.with_properties({"first_code": self.first_code(unit)})


def _keys(frame: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """The values of a column (elements of a list column) in the form of keys."""
    dtype = element_dtype(frame.collect_schema()[column])
    values = frame.select(values_of(frame, column).alias("value"))
    return values.select(as_key(pl.col("value"), dtype, key_dtype(column, dtype)))


def _table(vocabulary: pl.DataFrame, first: int) -> LookupTable:
    """Codes by value, null included."""
    keys = pl.concat([vocabulary, pl.DataFrame({"value": [None]}, vocabulary.schema)])
    codes = pl.int_range(first, first + len(vocabulary), dtype=pl.Int32, eager=True).alias("code")
    null = pl.Series("code", [NULL], pl.Int32)
    return LookupTable(keys, pl.concat([codes, null]).to_frame(), [OUT_OF_VOCABULARY])


def _bucket(values: pl.Series, buckets: int) -> pl.Series:
    return (hash_series(values) % buckets).cast(pl.Int32) + OUT_OF_VOCABULARY


def _where_unknown(code: pl.Expr, bucket: pl.Expr, plan: Plan) -> pl.Expr:
    """The bucket where the code says out of vocabulary."""
    if not isinstance(plan.dtype(code), pl.List):
        return pl.when(code == OUT_OF_VOCABULARY).then(bucket).otherwise(code)
    # Codes and buckets are lists of equal lengths: where the code is 2, the difference is what to add.
    unknown = code.list.eval((pl.element() == OUT_OF_VOCABULARY).cast(pl.Int32))
    return code + unknown * (bucket - OUT_OF_VOCABULARY)
