"""Categorify: values as codes, from 0 up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import polars as pl

from ops_gpu.graph.operator import Groups
from ops_gpu.operators.base.column_groups import check_groups, units_of
from ops_gpu.operators.base.combo_groups import combo_units, without_overlap
from ops_gpu.operators.base.fitted_operator import FittedOperator
from ops_gpu.operators.base.group_keys import shared_tags
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.per_column import per_column
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.categorical.fixed_vocabulary import fixed_vocabulary, plain_vocabularies
from ops_gpu.operators.categorical.vocabulary_state import (
    OUT_OF_VOCABULARY,
    check_no_lists,
    code_table,
    counted,
    learnt,
    merged,
    recounted,
    with_buckets,
)
from ops_gpu.schema.column import FIRST_CODE, ColumnSchema, Domain, embedding_dimension
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


@dataclass(frozen=True, repr=False)
class Categorify(FittedOperator):
    """Integers for values: columns and elements of lists (where a null list gives an empty one), as Int32.

    Code 0 is for padding and never given out, 1 is null and NaN, 2 is a value out of the vocabulary (with
    `num_buckets` the codes from 2 on, chosen by a stable hash), and then comes the vocabulary: by falling
    frequency, ties by value. A later fit appends values that are new and moves none.

    Columns share one vocabulary when they stand in one group (`[["home", "away"]] >> Categorify()`), or all
    of them when `domain` names it (`["item_id", "history"] >> Categorify(domain="item_id")`). With
    `encode_type="combo"` a group gives one new column instead (`home_away`), with a code for every tuple of values:
    1 where all are null, and tuples with some nulls are values like others.

    Args:
        freq_threshold: values seen less often stay out of the vocabulary; for all columns, or by name (of
            the column, group or domain).
        max_size: most codes in all, those below the vocabulary included; 0 for no limit; for all or by name. At its
            least, `num_buckets + 2` (3 without buckets), every value is one out of the vocabulary.
        num_buckets: number of codes for values out of the vocabulary; for all or by name.
        domain: name of the vocabulary that all columns share.
        groups: columns that belong together; filled by inner lists on the left of `>>`. Where they share a
            vocabulary, a column stands in one; for combos it may stand in several.
        encode_type: `joint` (a group shares a vocabulary) or `combo` (a group becomes one column).
        name_sep: between the names of a combo's columns.
        vocabs: vocabularies that are given, in code order, by name (of the column, group or domain): values (tuples
            of them for a combo), or the path of a Parquet file, whose first column is read when fitting. Nothing is
            learnt for these, and nothing appended; nulls in them are left out.

    Raises:
        ValueError: when `max_size` leaves no room for the codes below the vocabulary, `num_buckets` is below 1,
            `encode_type` is unknown or does not fit groups and domain, or a given vocabulary has a value twice, or a
            threshold.

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
    encode_type: str = "joint"
    name_sep: str = "_"
    vocabs: Mapping[str, Any] | None = None

    registers: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.encode_type not in ("joint", "combo"):
            raise ValueError(f"Categorify has encode_type {self.encode_type!r}; expected 'joint' or 'combo'.")
        if self.encode_type == "combo" and self.domain is not None:
            raise ValueError(
                f"Categorify has domain {self.domain!r}, which is one vocabulary for all columns, and encode_type "
                "'combo', which makes one column of several; leave one of the two out."
            )
        if self.encode_type == "joint":
            check_groups(self.name, self.groups)
        sizes = self.num_buckets if isinstance(self.num_buckets, Mapping) else {"": self.num_buckets}
        for size in sizes.values():
            if size is not None and size < 1:
                raise ValueError(f"Categorify has num_buckets {size}; give 1 or more, or leave it out.")
        object.__setattr__(self, "vocabs", plain_vocabularies(self.vocabs))
        self._check_vocabs()
        self._check_sizes()

    def _check_sizes(self) -> None:
        """ValueError where padding, null and the buckets alone are more than `max_size`."""
        named = [self.max_size, self.num_buckets]
        units = dict.fromkeys(unit for parameter in named if isinstance(parameter, Mapping) for unit in parameter)
        for unit in units or [""]:
            size, buckets = (value.get(unit, 0) if isinstance(value, Mapping) else value for value in named)
            least = OUT_OF_VOCABULARY + (buckets or 1)
            if size and size < least:
                of = f" for {unit!r}" if unit else ""
                raise ValueError(
                    f"Categorify has max_size {size}{of}, and {least} codes are for padding, null and what is out of "
                    f"the vocabulary; give at least {least}, or 0 for no limit."
                )

    def _check_vocabs(self) -> None:
        for unit in self.vocabs or {}:
            for parameter in ("freq_threshold", "max_size"):
                value = getattr(self, parameter)
                if value.get(unit, 0) if isinstance(value, Mapping) else value:
                    raise ValueError(
                        f"Categorify has {parameter} {value} and a given vocabulary for {unit!r}, which is taken as it "
                        f"is; give {parameter} by name, for other columns only."
                    )
            if self.encode_type == "joint" and self.unit(unit) != unit:
                raise ValueError(
                    f"Categorify has a given vocabulary for column {unit!r}, which shares that of "
                    f"{self.unit(unit)!r}; give it under that name."
                )

    def with_groups(self, groups: Groups) -> Categorify:
        return replace(self, groups=groups)

    def unit(self, column: str) -> str:
        """Name of the vocabulary of a column given."""
        if self.domain is not None:
            return self.domain
        if self.encode_type == "combo":
            return column
        return next(("_".join(group) for group in self.groups if column in group), column)

    def first_code(self, unit: str) -> int:
        """The code of the most frequent value."""
        return OUT_OF_VOCABULARY + (per_column(self.name, "num_buckets", self.num_buckets, unit) or 1)

    def cardinality(self, unit: str, state: NodeState) -> int:
        """Number of codes, those below the vocabulary included."""
        return self.first_code(unit) + len(state[unit])

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        if self.encode_type == "joint":
            return tuple(names)
        if not self.groups:
            raise ValueError(
                f"Categorify has encode_type 'combo' and no groups for columns {', '.join(names)}; write those that "
                'belong together in an inner list, as in [["a", "b"]] >> Categorify(encode_type="combo").'
            )
        return tuple(self._units(names))

    def _units(self, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
        if self.encode_type == "combo":
            return combo_units(columns, self.groups, self.name_sep)
        return {self.domain: tuple(columns)} if self.domain else units_of(columns, self.groups, partly=True)

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        if self.encode_type == "joint":
            return super().needed(outputs, names)
        return {name for unit, parts in self._units(names).items() if unit in outputs for name in parts}

    def units(self, columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._units(columns))

    def apart(self, columns: Sequence[str]) -> list[tuple[str, ...]]:
        return without_overlap(self._units(columns).values())

    def partial(self, frame: pl.LazyFrame, columns: Sequence[str], weight: int) -> dict[str, pl.LazyFrame]:
        counts: dict[str, pl.LazyFrame] = {}
        for unit, names in self._units(columns).items():
            # Of what has its vocabulary given, only the type of the data matters.
            rows = frame.head(0) if unit in (self.vocabs or {}) else frame
            counts[unit] = counted(rows, names, self.encode_type == "combo" and len(names) > 1, weight)
        return counts

    def merge(self, unit: str, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        return merged(unit, frames)

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
            counts = recounted(unit, before.get(unit, ()), table)
            state[unit] = self._vocabulary(unit, both[unit] if counts is None else counts, previous.get(unit))
        return state

    def _vocabulary(self, unit: str, table: pl.DataFrame, previous: pl.DataFrame | None) -> pl.DataFrame:
        given = (self.vocabs or {}).get(unit)
        if given is not None:
            return fixed_vocabulary(unit, given, table) if previous is None else previous
        threshold = per_column(self.name, "freq_threshold", self.freq_threshold, unit) or 0
        return learnt(table, threshold, self._room(unit), previous)

    def _room(self, unit: str) -> int | None:
        size = per_column(self.name, "max_size", self.max_size, unit) or 0
        return max(size - self.first_code(unit), 0) if size else None

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        if self.encode_type == "joint":
            return {name: self._codes((name,), [expr], self.unit(name), plan, state) for name, expr in columns.items()}
        return {
            unit: self._codes(names, [columns[name] for name in names], unit, plan, state)
            for unit, names in self._units(list(columns)).items()
        }

    def _codes(
        self, names: Sequence[str], parts: Sequence[pl.Expr], unit: str, plan: Plan, state: NodeState
    ) -> pl.Expr:
        first = self.first_code(unit)
        table = state.derived(unit, "codes", partial(code_table, first=first))
        keys = [plan.column(part) for part in parts]
        if len(keys) > 1:
            check_no_lists(names, [plan.dtype(key) for key in keys])
        code = plan.lookup(names, keys, table)[0]
        return with_buckets(code, keys, plan, first - OUT_OF_VOCABULARY)

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        if self.encode_type == "joint":
            return Schema(self._coded(column, self.unit(column.name), state) for column in schema)
        return Schema(
            self._coded(
                schema[unit] if names == (unit,) else ColumnSchema(unit, tags=shared_tags(schema, names)), unit, state
            )
            for unit, names in self._units(schema.names).items()
        )

    def _coded(self, column: ColumnSchema, unit: str, state: NodeState | None) -> ColumnSchema:
        tagged = column.without_tags([Tags.CONTINUOUS]).with_tags([Tags.CATEGORICAL])
        if state is None:
            return replace(tagged, dtype="int32", domain=Domain(0, None, unit), embedding_dim=None)
        size = self.cardinality(unit, state)
        coded = replace(
            tagged, dtype="int32", domain=Domain(0, size - 1, unit), embedding_dim=embedding_dimension(size)
        )
        # Where only buckets are left for values, these are the values that the column has.
        below = OUT_OF_VOCABULARY if self._hashes(unit, state) else self.first_code(unit)
        return coded.with_properties({FIRST_CODE: below})

    def _hashes(self, unit: str, state: NodeState) -> bool:
        """Whether all values lie in buckets, as a limit has left none for the vocabulary."""
        threshold = per_column(self.name, "freq_threshold", self.freq_threshold, unit)
        limited = bool(threshold) or self._room(unit) is not None or unit in (self.vocabs or {})
        return limited and not len(state[unit]) and self.first_code(unit) > OUT_OF_VOCABULARY + 1
