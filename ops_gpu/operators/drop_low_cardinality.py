"""DropLowCardinality: leaves out categories that tell too little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ops_gpu.node_state import NodeState
from ops_gpu.operators.feature_operator import FeatureOperator
from ops_gpu.plan import Plan
from ops_gpu.schema import ColumnSchema, Schema, Tags


@dataclass(frozen=True, repr=False)
class DropLowCardinality(FeatureOperator):
    """Marks categorical columns of few codes with the property `dropped`, and the workflow leaves them out.

    How many codes there are is known from the schema (`domain.max + 1`, those below the vocabulary of `Categorify`
    included) once what is below has been fitted. Values stay as they are here; columns of unknown cardinality, and
    those not tagged CATEGORICAL, are never marked.

    Args:
        min_cardinality: fewest codes of a column that stays.

    Example:
        >>> node = ["country", "flag"] >> Categorify() >> DropLowCardinality(min_cardinality=6)
    """

    min_cardinality: int = 4

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return dict(columns)

    def source(self, name: str, taken: Sequence[str]) -> str | None:
        return name

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(c.with_properties({"dropped": True}) if self._is_low(c) else c for c in schema)

    def _is_low(self, column: ColumnSchema) -> bool:
        known = column.cardinality if Tags.CATEGORICAL in column.tags else None
        return known is not None and known < self.min_cardinality
