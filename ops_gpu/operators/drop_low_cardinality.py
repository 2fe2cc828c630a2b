"""DropLowCardinality: leaves out categories that tell too little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from ops_gpu.node_state import NodeState
from ops_gpu.operators.categorify import FIRST_CODE
from ops_gpu.operators.feature_operator import FeatureOperator
from ops_gpu.plan import Plan
from ops_gpu.schema import ColumnSchema, Schema, Tags


@dataclass(frozen=True, repr=False)
class DropLowCardinality(FeatureOperator):
    """Marks categorical columns of few codes with the property `dropped`, and the workflow leaves them out.

    How many codes there are is known from the schema (`domain.max + 1`) once what is below has been fitted. Those that
    `Categorify` keeps for null and for values out of the vocabulary count, and the one of padding does not, which no
    value has: by default, columns of a single value go. Values stay as they are here; columns of unknown cardinality,
    and those not tagged CATEGORICAL, are never marked.

    Args:
        min_cardinality: fewest codes of a column that stays.
        padding: whether the code of padding counts, as it did in workflows that older versions saved.

    Example:
        >>> node = ["country", "flag"] >> Categorify() >> DropLowCardinality(min_cardinality=6)
    """

    before: ClassVar[Mapping[str, Any]] = {"padding": True}

    min_cardinality: int = 4
    padding: bool = False

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return dict(columns)

    def source(self, name: str, taken: Sequence[str]) -> str | None:
        return name

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(c.with_properties({"dropped": True}) if self._is_low(c) else c for c in schema)

    def _is_low(self, column: ColumnSchema) -> bool:
        known = column.cardinality if Tags.CATEGORICAL in column.tags else None
        padded = FIRST_CODE in column.properties and not self.padding
        return known is not None and known - padded < self.min_cardinality
