"""HashedCross: several columns as one, by a hash of each row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import ClassVar

import numpy as np
import polars as pl

from ops_gpu.graph.operator import Groups
from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.group_keys import shared_tags
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.per_column import per_column
from ops_gpu.operators.base.plan import Plan
from ops_gpu.primitives.key_dtypes import key_dtype
from ops_gpu.primitives.stable_hash import hash_series, mix
from ops_gpu.schema.column import ColumnSchema, Domain, embedding_dimension
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

_HALF = 2**32
_ODD = 0xD6E8FEB86659FD93  # an odd number whose products spread over all high bits (Stafford 2011)


@dataclass(frozen=True, repr=False)
class HashedCross(FeatureOperator):
    """Columns that stand in a group become one column `a_X_b`: a stable hash of the row, Int32 from 0.

    `[["a", "b"]] >> HashedCross(100)` gives `a_X_b`, and so does the flat list `["a", "b"]`. The order of
    columns matters: (1, 2) and (2, 1) have hashes of their own, and equal columns do not cancel out (NVTabular
    combines by XOR, where both go wrong). Null and NaN hash like a value of their own; there is no slot for
    padding, and no value is unseen.

    Args:
        num_buckets: number of buckets, for all crosses or by name of the column given.
        groups: columns to cross; filled by inner lists on the left of `>>`.

    Raises:
        ValueError: when a number is below 1 or above 2^31 - 1, a cross has none, or less than two columns, or a
            column holds lists.

    Example:
        >>> node = [["country", "device"]] >> HashedCross(1000)
    """

    takes_groups: ClassVar[bool] = True  # kept as a group, so that what `for_inputs` leaves of it is no other cross

    num_buckets: int | Mapping[str, int]
    groups: Groups = ()

    def required(self, names: Sequence[str]) -> tuple[str, ...]:
        return () if self.groups else tuple(names)

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        return {name for output, group in self._crosses(names).items() if output in outputs for name in group}

    def with_groups(self, groups: Groups) -> HashedCross:
        return replace(self, groups=groups)

    def _crosses(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Columns by name of their cross."""
        groups = self.groups or (tuple(names),)
        for group in groups:
            if len(set(group)) < 2 or len(set(group)) < len(group):
                raise ValueError(
                    f"HashedCross crosses two or more columns, each once, and got {', '.join(group)}; "
                    'write [["a", "b"]] >> HashedCross(100).'
                )
        return {"_X_".join(group): group for group in groups if set(group) <= set(names)}

    def _buckets(self, cross: str) -> int:
        number = per_column(self.name, "num_buckets", self.num_buckets, cross)
        if number is None or not 1 <= number < 2**31:
            raise ValueError(f"HashedCross has num_buckets {number} for {cross!r}; give 1 to {2**31 - 1}.")
        return number

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._crosses(names))

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return {
            cross: _bucket([_hash(name, columns[name], plan) for name in names], self._buckets(cross))
            for cross, names in self._crosses(list(columns)).items()
        }

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(self._crossed(c, names, schema) for c, names in self._crosses(schema.names).items())

    def _crossed(self, cross: str, names: Sequence[str], schema: Schema) -> ColumnSchema:
        size = self._buckets(cross)
        tags = (shared_tags(schema, names) - {Tags.CONTINUOUS}) | {Tags.CATEGORICAL}
        domain = Domain(0, size - 1, cross)
        return ColumnSchema(cross, "int32", tags, domain=domain, embedding_dim=embedding_dimension(size))


def _hash(name: str, expr: pl.Expr, plan: Plan) -> pl.Expr:
    dtype = plan.dtype(expr)
    if isinstance(dtype, pl.List):
        raise ValueError(f"HashedCross crosses single values, and column {name!r} is of type {dtype}; leave it out.")
    key_dtype(name, dtype)  # says so where values cannot be hashed
    return expr.map_batches(hash_series, pl.UInt64(), is_elementwise=True)


def _bucket(hashes: Sequence[pl.Expr], buckets: int) -> pl.Expr:
    """Hashes times an odd number each, summed modulo 2^64, with the high bits stirred once more into the low."""
    odd = mix(np.arange(1, len(hashes) + 1, dtype=np.uint64)) | np.uint64(1)
    total = reduce(add, [h * pl.lit(int(factor), pl.UInt64) for h, factor in zip(hashes, odd, strict=True)])
    half = pl.lit(_HALF, pl.UInt64)
    stirred = (total ^ (total // half)) * pl.lit(_ODD, pl.UInt64)
    # The upper half, as a fraction of 2^32, times the number of buckets: equal columns only lose low bits.
    return (stirred // half * pl.lit(buckets, pl.UInt64) // half).cast(pl.Int32)
