"""AcrossRows: what operators share that look at other rows of the same key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import polars as pl

from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.plan import Plan
from ops_gpu.primitives.key_dtypes import as_key, key_dtype


class AcrossRows(FeatureOperator):
    """Needs the rows of one key together: all of a user's events, say.

    A data set in files is brought together by key before such an operator sees it; a frame must hold the rows of a
    key whole. Rows stay where they are. Rows that a filter below leaves out are not seen.
    """

    across_rows: ClassVar[bool] = True

    def partition_keys(self) -> tuple[str, ...]:
        """The columns whose equal values make rows belong together."""
        raise TypeError(f"{self.name} names no key.")  # each subclass does

    def sort_keys(self) -> tuple[str, ...]:
        """The columns that order the rows of a key."""
        return ()

    def companions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.partition_keys(), *self.sort_keys()]))

    def required(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.partition_keys(), *self.sort_keys()]))

    def values(self, names: Sequence[str]) -> list[str]:
        """The columns taken that are neither keys nor order."""
        beside = self.companions()
        return [name for name in names if name not in beside]


def over_key(columns: Mapping[str, pl.Expr], keys: Sequence[str], plan: Plan) -> list[pl.Expr]:
    """What to compute over: the keys in one form, and whether a row is kept."""
    parts = []
    for name in keys:
        dtype = plan.dtype(columns[name])
        parts.append(plan.column(as_key(columns[name], dtype, key_dtype(name, dtype))))
    return [*parts, *(pl.col(name) for name in plan.kept)]
