"""DropLowCardinality: leaves out categories that tell too little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.schema.column import FIRST_CODE, ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


@dataclass(frozen=True, repr=False)
class DropLowCardinality(FeatureOperator):
    """Marks categorical columns of few values with the property `dropped`, and the workflow leaves them out.

    How many codes there are is known from the schema (`domain.max + 1`) once what is below has been fitted; of those
    that `Categorify` gives, the ones for padding, null and values out of the vocabulary (all buckets of them) are no
    values: by default, columns of a single value go. Values stay as they are here; columns of unknown cardinality, and
    those not tagged CATEGORICAL, are never marked.

    Args:
        min_cardinality: fewest codes of a column that stays, those for null and for values out of the vocabulary
            included; by default columns of two values or more stay, whatever other codes there are.
        padding: whether the code of padding counts in `min_cardinality`, as it did in workflows that older versions
            saved.

    Example:
        >>> node = ["country", "flag"] >> Categorify() >> DropLowCardinality(min_cardinality=6)
    """

    before: ClassVar[Mapping[str, Any]] = {"padding": True}

    min_cardinality: int | None = None
    padding: bool = False

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return dict(columns)

    def source(self, name: str, taken: Sequence[str]) -> str | None:
        return name

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(c.with_properties({"dropped": True}) if self._is_low(c) else c for c in schema)

    def _is_low(self, column: ColumnSchema) -> bool:
        known = column.cardinality if Tags.CATEGORICAL in column.tags else None
        if known is None:
            return False
        first = int(column.properties.get(FIRST_CODE, 0))
        if self.min_cardinality is None:
            return known - first <= 1
        return known - (first > 0 and not self.padding) < self.min_cardinality
