"""HashBucket: values as one of a fixed number of buckets, without fitting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.list_expressions import map_elements
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.per_column import per_column
from ops_gpu.operators.base.plan import Plan
from ops_gpu.primitives.stable_hash import hash_series
from ops_gpu.schema.column import FIRST_CODE, ColumnSchema, Domain, embedding_dimension
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


@dataclass(frozen=True, repr=False)
class HashBucket(FeatureOperator):
    """Stable hash of the value modulo `num_buckets`, as Int32 from 0; columns and elements of lists.

    The hash is the same on every machine and version (`ops_gpu.primitives.stable_hash`). Null and NaN hash like a value
    of their own. There is no slot for padding: bucket 0 is a bucket like any other.

    Args:
        num_buckets: number of buckets, for all columns or by column name.

    Raises:
        ValueError: when a number is below 1 or above 2^31 - 1, or a column has none.

    Example:
        >>> node = ["user_agent"] >> HashBucket(1000)
    """

    num_buckets: int | Mapping[str, int]

    def _buckets(self, name: str) -> int:
        number = per_column(self.name, "num_buckets", self.num_buckets, name)
        if number is None or not 1 <= number < 2**31:
            raise ValueError(f"HashBucket has num_buckets {number} for column {name!r}; give 1 to {2**31 - 1}.")
        return number

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return {
            name: hashed(expr, plan.dtype(expr), partial(_bucket, buckets=self._buckets(name)))
            for name, expr in columns.items()
        }

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(self._hashed(column) for column in schema)

    def _hashed(self, column: ColumnSchema) -> ColumnSchema:
        size = self._buckets(column.name)
        tagged = column.without_tags([Tags.CONTINUOUS]).with_tags([Tags.CATEGORICAL]).without_properties([FIRST_CODE])
        domain = Domain(0, size - 1, column.name)
        return replace(tagged, dtype="int32", domain=domain, embedding_dim=embedding_dimension(size))


def hashed(expr: pl.Expr, dtype: pl.DataType, bucket: partial[pl.Series]) -> pl.Expr:
    """A function of whole columns, over a column or over the elements of a list column; gives Int32."""
    if not isinstance(dtype, pl.List):
        return expr.map_batches(bucket, pl.Int32(), is_elementwise=True)
    return expr.map_batches(partial(map_elements, function=bucket), pl.List(pl.Int32()), is_elementwise=True)


def _bucket(values: pl.Series, buckets: int) -> pl.Series:
    return (hash_series(values) % buckets).cast(pl.Int32)
