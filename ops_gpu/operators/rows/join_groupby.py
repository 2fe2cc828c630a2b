"""JoinGroupby: statistics of a category, beside every row of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import polars as pl

from ops_gpu.graph.operator import Groups
from ops_gpu.operators.base.column_groups import units_of
from ops_gpu.operators.base.combo_groups import without_overlap
from ops_gpu.operators.base.fitted_operator import RAW, FittedOperator
from ops_gpu.operators.base.group_keys import check_key_types, group_keys, shared_tags
from ops_gpu.operators.base.lookup_table import LookupTable
from ops_gpu.operators.base.numeric_statistics import continuous
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.base.summary import merge_rows, merged_summary, settled, standard_deviation, summary_of, upsert
from ops_gpu.primitives.largest import bounded
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema

STATISTICS = ("count", "sum", "mean", "std", "var", "min", "max")


@dataclass(frozen=True, repr=False)
class JoinGroupby(FittedOperator):
    """Row count of a category, and statistics of number columns within it.

    Gives `<columns>_count` (Int32) and `<columns>_<number>_<statistic>` (Float32, computed in Float64). Null
    is a category of its own (NVTabular counts 0 for it). An unseen category has count 0 and NaN elsewhere, as
    has the deviation of a single value: put `FillMissing` after it. Null, NaN and infinite numbers do not
    count, and what is too large for Float32 is its largest number.

    Args:
        cont_cols: raw number columns to take statistics of; none for `count` alone.
        stats: which of `count`, `sum`, `mean`, `std`, `var`, `min`, `max`; deviations with `n - 1`.
        name_sep: between the parts of the names given.
        groups: columns that make one category together; filled by inner lists on the left of `>>`.
        group_sep: between the names of such columns; by default `name_sep`. It was `_` in workflows that older versions
            saved, and NVTabular's `name_sep` is this one: all other parts it joins by `_`.

    Raises:
        ValueError: when a statistic is unknown, or one of numbers is asked for without numbers.

    Example:
        >>> node = ["city"] >> JoinGroupby(cont_cols=["price"], stats=["count", "mean"])
    """

    as_of: ClassVar[bool] = True
    before: ClassVar[Mapping[str, Any]] = {"group_sep": "_"}

    cont_cols: Sequence[str] = ()
    stats: Sequence[str] = ("count",)
    name_sep: str = "_"
    groups: Groups = ()
    group_sep: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "group_sep", self.name_sep if self.group_sep is None else self.group_sep)
        unknown = [stat for stat in self.stats if stat not in STATISTICS]
        if unknown:
            raise ValueError(f"JoinGroupby has no statistic {unknown[0]!r}; choose from {', '.join(STATISTICS)}.")
        if not self.cont_cols and set(self.stats) != {"count"}:
            raise ValueError(f"JoinGroupby has stats {list(self.stats)} of no columns; name some in cont_cols.")

    def with_groups(self, groups: Groups) -> JoinGroupby:
        return replace(self, groups=groups)

    def dependencies(self) -> tuple[str, ...]:
        return tuple(self.cont_cols)

    def _outputs(self, unit: str) -> dict[str, tuple[int, str]]:
        """Number column (-1 for none) and statistic by output name."""
        parts = {self.name_sep.join([unit, "count"]): (-1, "count")} if "count" in self.stats else {}
        for place, number in enumerate(self.cont_cols):
            for stat in (stat for stat in self.stats if stat != "count"):
                parts[self.name_sep.join([unit, number, stat])] = (place, stat)
        return parts

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for unit in self._units(names) for name in self._outputs(unit))

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        units = self._units(names).items()
        return {name for unit, group in units if not self._outputs(unit).keys().isdisjoint(outputs) for name in group}

    def _units(self, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
        return units_of(columns, self.groups, sep=str(self.group_sep))

    def units(self, columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._units(columns))

    def apart(self, columns: Sequence[str]) -> list[tuple[str, ...]]:
        return without_overlap(self._units(columns).values())

    def partial(self, frame: pl.LazyFrame, columns: Sequence[str], weight: int) -> dict[str, pl.LazyFrame]:
        numbers = [part for i, name in enumerate(self.cont_cols) for part in summary_of(pl.col(RAW + name), f"{i} ")]
        return {
            unit: frame.group_by(group_keys(frame, names))
            .agg(pl.len().cast(pl.Int64).alias("rows"), *numbers)
            .with_columns(self._settled())
            for unit, names in self._units(columns).items()
        }

    def merge(self, unit: str, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        check_key_types(unit, frames)
        keys = [name for name in frames[0].columns if name.startswith("key")]
        return merge_rows(frames, keys, self._merged(), self._settled())

    def _merged(self) -> list[pl.Expr]:
        numbers = [part for i in range(len(self.cont_cols)) for part in merged_summary(f"{i} ")]
        return [pl.col("rows").sum(), *numbers]

    def _settled(self) -> list[pl.Expr]:
        return [part for i in range(len(self.cont_cols)) for part in settled(f"{i} ")]

    def finalize(
        self, tables: Mapping[str, pl.DataFrame], previous: Mapping[str, pl.DataFrame] | None
    ) -> dict[str, pl.DataFrame]:
        return {unit: table.with_columns(self._settled()) for unit, table in tables.items()}

    def extend(
        self,
        before: Mapping[str, Sequence[pl.DataFrame]],
        new: Mapping[str, pl.DataFrame],
        both: Mapping[str, pl.DataFrame],
        previous: Mapping[str, pl.DataFrame],
    ) -> dict[str, pl.DataFrame]:
        state = dict(previous)
        for unit, table in new.items():
            keys = [name for name in table.columns if name.startswith("key")]
            known = previous.get(unit, table.clear())
            check_key_types(unit, [known, table])
            state[unit] = upsert(known, table, keys, self._merged(), self._settled())
        return state

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        outputs: dict[str, pl.Expr] = {}
        for unit, names in self._units(list(columns)).items():
            table = state.derived(unit, "table", partial(self._table, unit=unit))
            found = plan.lookup(names, [columns[name] for name in names], table)
            outputs |= dict(zip(self._outputs(unit), found, strict=True))
        return outputs

    def _table(self, rows: pl.DataFrame, unit: str) -> LookupTable:
        keys = [name for name in rows.columns if name.startswith("key")]
        outputs = self._outputs(unit)
        values = rows.select(_statistic(place, stat).alias(name) for name, (place, stat) in outputs.items())
        missing = [0 if stat == "count" else float("nan") for _, stat in outputs.values()]
        return LookupTable(rows.select(keys), values, missing)

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        return Schema(
            continuous(ColumnSchema(name, tags=shared_tags(schema, names)), "int32" if stat == "count" else "float32")
            for unit, names in self._units(schema.names).items()
            for name, (_, stat) in self._outputs(unit).items()
        )


def _statistic(place: int, stat: str) -> pl.Expr:
    if stat == "count":
        return pl.col("rows").cast(pl.Int32)
    prefix = f"{place} "
    count, mean = pl.col(f"{prefix}count"), pl.col(f"{prefix}mean")
    value = {
        "sum": count * mean,
        "mean": pl.when(count > 0).then(mean).otherwise(float("nan")),
        "std": standard_deviation(prefix),
        "var": standard_deviation(prefix) ** 2,
        "min": pl.col(f"{prefix}min"),
        "max": pl.col(f"{prefix}max"),
    }[stat]
    return bounded(value).fill_null(float("nan")).cast(pl.Float32)
