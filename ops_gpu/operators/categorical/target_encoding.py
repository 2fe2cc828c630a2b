"""TargetEncoding: categories as the mean of a target."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl

from ops_gpu.graph.operator import Groups
from ops_gpu.operators.base.column_groups import units_of
from ops_gpu.operators.base.combo_groups import without_overlap
from ops_gpu.operators.base.fitted_operator import RAW, ROW_HASH, FittedOperator
from ops_gpu.operators.base.group_keys import check_key_types, group_keys, shared_tags
from ops_gpu.operators.base.lookup_table import LookupTable
from ops_gpu.operators.base.numeric_statistics import continuous
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.base.summary import merge_rows, upsert
from ops_gpu.operators.categorical.out_of_fold import OutOfFold, target_mean
from ops_gpu.primitives.largest import LARGEST
from ops_gpu.primitives.stable_hash import mix
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema


@dataclass(frozen=True, repr=False)
class TargetEncoding(FittedOperator):
    """Mean of a target over a category, drawn towards the mean of all: `(sum + p * mean) / (count + p)`.

    `transform` is a function of the row and the state alone, and needs no target (NVTabular's serves values
    of a fold that depends on the position in the batch). `fit_transform` leaves out the row's own fold, sums
    and overall mean alike, so that no training row sees its own target. A fold is a hash of the row's
    content. Null is a category of its own; an unseen one gets the mean of all. For histories in time use
    lagged statistics instead: folds look into the future.

    Args:
        target: name of the raw column to average, or names; targets that are null, NaN, infinite
            or beyond Float32 do not count.
        target_mean: overall mean of the target (a number each, for several), where it is known; by default
            that of the rows.
        kfold: number of folds.
        fold_seed: another seed, other folds.
        p_smooth: weight of the overall mean, in rows.
        fold_columns: raw columns that tell rows apart; by default all but the targets and lists.
        out_dtype: `float32` or `float64`.
        name_sep: between the parts of the names given: `TE_<columns>_<target>`.
        groups: columns that make one category together; filled by inner lists on the left of `>>`.
        group_sep: between the names of such columns; by default `name_sep`. It was `_` in workflows that older versions
            saved, and NVTabular's `name_sep` is this one: all other parts it joins by `_`.

    Example:
        >>> node = [["city", "weekday"], "device"] >> TargetEncoding("click", kfold=5)
    """

    folds: ClassVar[bool] = True
    as_of: ClassVar[bool] = True
    before: ClassVar[Mapping[str, Any]] = {"group_sep": "_"}

    target: str | Sequence[str]
    target_mean: float | Sequence[float] | None = None
    kfold: int = 3
    fold_seed: int = 42
    p_smooth: float = 20.0
    fold_columns: Sequence[str] | None = None
    out_dtype: str = "float32"
    name_sep: str = "_"
    groups: Groups = ()
    group_sep: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "group_sep", self.name_sep if self.group_sep is None else self.group_sep)
        if self.kfold < 2:
            raise ValueError(f"TargetEncoding has kfold {self.kfold}; give 2 or more.")
        if self.p_smooth < 0:
            raise ValueError(f"TargetEncoding has p_smooth {self.p_smooth}; give 0 or more rows.")
        if isinstance(self.target_mean, Sequence) and len(self.target_mean) != len(self.targets):
            raise ValueError(
                f"TargetEncoding has {len(self.target_mean)} values of target_mean for targets "
                f"{', '.join(self.targets)}; give one each."
            )

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the targets."""
        return (self.target,) if isinstance(self.target, str) else tuple(self.target)

    def with_groups(self, groups: Groups) -> TargetEncoding:
        return replace(self, groups=groups)

    def dependencies(self) -> tuple[str, ...]:
        return self.targets

    def row_content(self, raw: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.fold_columns or (name for name in raw if name not in self.targets))

    def _output(self, unit: str, target: str) -> str:
        return self.name_sep.join(["TE", unit, target])

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._output(unit, target) for unit in self._units(names) for target in self.targets)

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        units = self._units(names).items()
        wanted = (group for unit, group in units if any(self._output(unit, t) in outputs for t in self.targets))
        return {name for group in wanted for name in group}

    def _units(self, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
        return units_of(columns, self.groups, sep=str(self.group_sep))

    def units(self, columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._units(columns))

    def apart(self, columns: Sequence[str]) -> list[tuple[str, ...]]:
        return without_overlap(self._units(columns).values())

    def partial(self, frame: pl.LazyFrame, columns: Sequence[str], weight: int) -> dict[str, pl.LazyFrame]:
        targets = [_numbers(pl.col(RAW + target).cast(pl.Float64)) for target in self.targets]
        counts = [target.count().cast(pl.Int64).alias(f"count{i}") for i, target in enumerate(targets)]
        sums = [target.sum().alias(f"sum{i}") for i, target in enumerate(targets)]
        return {
            unit: frame.group_by(*group_keys(frame, names), self._fold(pl.col(ROW_HASH)).alias("fold")).agg(
                *counts, *sums
            )
            for unit, names in self._units(columns).items()
        }

    def _fold(self, row_hash: pl.Expr) -> pl.Expr:
        factor = int(mix(np.full(1, self.fold_seed, np.uint64))[0]) | 1
        # The high bits, which are mixed best.
        return (row_hash * pl.lit(factor, pl.UInt64) // 2**40 % self.kfold).cast(pl.Int16)

    def merge(self, unit: str, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        check_key_types(unit, frames)
        keys = [name for name in frames[0].columns if name.startswith(("key", "fold"))]
        return merge_rows(frames, keys, [pl.exclude(keys).sum()])

    def finalize(
        self, tables: Mapping[str, pl.DataFrame], previous: Mapping[str, pl.DataFrame] | None
    ) -> dict[str, pl.DataFrame]:
        return {unit: _totals(table) for unit, table in tables.items()}

    def extend(
        self,
        before: Mapping[str, Sequence[pl.DataFrame]],
        new: Mapping[str, pl.DataFrame],
        both: Mapping[str, pl.DataFrame],
        previous: Mapping[str, pl.DataFrame],
    ) -> dict[str, pl.DataFrame]:
        state = dict(previous)
        for unit, table in new.items():
            total = _totals(table)
            keys = [name for name in total.columns if name.startswith("key")]
            known = previous.get(unit, total.clear())
            check_key_types(unit, [known, total])
            state[unit] = upsert(known, total, keys, [pl.exclude(keys).sum()])
        return state

    @property
    def _dtype(self) -> pl.DataType:
        return ColumnSchema("", self.out_dtype).polars_dtype

    @property
    def _places(self) -> range:
        return range(len(self.targets))

    def _mean(self, i: int) -> pl.Expr:
        """The given mean of a target, or that of all rows; 0 of nothing."""
        if self.target_mean is not None:
            return pl.lit(target_mean(self.target_mean, i))
        return (pl.col(f"sum{i}").sum() / pl.col(f"count{i}").sum()).fill_nan(0.0)

    def _smoothed(self, i: int, mean: pl.Expr) -> pl.Expr:
        count, total = pl.col(f"count{i}"), pl.col(f"sum{i}")
        return ((total + self.p_smooth * mean) / (count + self.p_smooth)).fill_nan(mean).alias(f"value{i}")

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        outputs: dict[str, pl.Expr] = {}
        for unit, names in self._units(list(columns)).items():
            table = state.derived(unit, "table", self._table)
            found = plan.lookup(names, [columns[name] for name in names], table)
            outputs |= dict(zip((self._output(unit, target) for target in self.targets), found, strict=True))
        return outputs

    def training_state(self, tables: Mapping[str, pl.DataFrame]) -> dict[str, OutOfFold]:
        return {
            unit: OutOfFold.of(table, len(self.targets), self.kfold, self.p_smooth, self.target_mean)
            for unit, table in tables.items()
        }

    def transform_training(
        self,
        columns: Mapping[str, pl.Expr],
        plan: Plan,
        state: NodeState,
        training: Mapping[str, OutOfFold],
        row_hash: pl.Expr | None,
    ) -> dict[str, pl.Expr]:
        if row_hash is None:
            raise ValueError(f"{self.name} needs a column that tells rows apart; name one in fold_columns.")
        outputs: dict[str, pl.Expr] = {}
        fold = plan.column(self._fold(row_hash))
        for unit, names in self._units(list(columns)).items():
            values = training[unit]
            (place,) = plan.lookup(names, [columns[name] for name in names], values.places)
            for i, target in enumerate(self.targets):
                outputs[self._output(unit, target)] = values.expression(i, place, fold, self._dtype)
        return outputs

    def _table(self, total: pl.DataFrame) -> LookupTable:
        """Smoothed means by key; that of all rows for an unknown one."""
        means = total.select(self._mean(i).alias(f"mean{i}") for i in self._places).row(0)
        columns = total.select(self._smoothed(i, pl.lit(means[i])).cast(self._dtype) for i in self._places)
        keys = [name for name in total.columns if name.startswith("key")]
        return LookupTable(total.select(keys), columns, list(means))

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        return Schema(
            continuous(ColumnSchema(self._output(unit, target), tags=shared_tags(schema, names)), self.out_dtype)
            for unit, names in self._units(schema.names).items()
            for target in self.targets
        )


def _numbers(target: pl.Expr) -> pl.Expr:
    """Null where there is no number, or one by which sums, and so the means of all categories, would be infinite."""
    return pl.when(target.abs() <= LARGEST["float32"]).then(target)


def _totals(table: pl.DataFrame) -> pl.DataFrame:
    """Counts and sums by key, over all folds."""
    keys = [name for name in table.columns if name.startswith("key")]
    return table.group_by(keys).agg(pl.exclude("fold", *keys).sum()).sort(keys, nulls_last=False)
