"""Bucketize: numbers as the bucket that they fall in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import polars as pl

from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.list_expressions import on_elements
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.schema.column import FIRST_CODE, ColumnSchema, Domain, embedding_dimension
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


@dataclass(frozen=True, repr=False)
class Bucketize(FeatureOperator):
    """Number of boundaries at or below the value, as Int32; columns and elements of lists.

    `n` boundaries give the buckets 0 to n; null and NaN have bucket n + 1 of their own (NVTabular puts them
    with the largest values).

    Args:
        boundaries: rising numbers, for all columns or by column name.

    Raises:
        ValueError: when boundaries do not rise, or a column has none.

    Example:
        >>> node = ["age"] >> Bucketize([18, 30, 50])
    """

    numbers_only: ClassVar[bool] = True

    boundaries: Sequence[float] | Mapping[str, Sequence[float]]

    def __post_init__(self) -> None:
        several = self.boundaries.values() if isinstance(self.boundaries, Mapping) else [self.boundaries]
        for numbers in several:
            if not numbers or list(numbers) != sorted(set(numbers)):
                raise ValueError(f"Bucketize has boundaries {list(numbers)}; give numbers that rise.")

    def _boundaries(self, name: str) -> Sequence[float]:
        if not isinstance(self.boundaries, Mapping):
            return self.boundaries
        if name not in self.boundaries:
            raise ValueError(f"Bucketize has boundaries for {', '.join(self.boundaries)}; add those of {name!r}.")
        return self.boundaries[name]

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return {
            name: on_elements(partial(_bucket, boundaries=self._boundaries(name)), expr, plan.dtype(expr))
            for name, expr in columns.items()
        }

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(self._bucketed(column) for column in schema)

    def _bucketed(self, column: ColumnSchema) -> ColumnSchema:
        size = len(self._boundaries(column.name)) + 2
        tagged = column.without_tags([Tags.CONTINUOUS]).with_tags([Tags.CATEGORICAL]).without_properties([FIRST_CODE])
        domain = Domain(0, size - 1, column.name)
        return replace(tagged, dtype="int32", domain=domain, embedding_dim=embedding_dimension(size))


def _bucket(value: pl.Expr, boundaries: Sequence[float]) -> pl.Expr:
    number = value.cast(pl.Float64)
    passed = pl.sum_horizontal((number >= boundary).cast(pl.Int32) for boundary in boundaries)
    missing = pl.lit(len(boundaries) + 1, pl.Int32)
    return pl.when(number.is_null() | number.is_nan()).then(missing).otherwise(passed).cast(pl.Int32)
