"""AddMetadata: says what columns mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


@dataclass(frozen=True, repr=False)
class AddMetadata(FeatureOperator):
    """Adds tags and properties to the schema of columns; their values stay.

    Args:
        tags: tags to add.
        properties: properties to add, as JSON.

    Example:
        >>> node = ["user_id"] >> AddMetadata(tags=[Tags.USER_ID]) >> Categorify()
    """

    tags: Sequence[Tags | str] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return dict(columns)

    def source(self, name: str, taken: Sequence[str]) -> str | None:
        return name

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(column.with_tags(self.tags).with_properties(self.properties) for column in schema)
