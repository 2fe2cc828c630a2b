"""RecentItems: the last items of each user, as the query tower reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.operators.features.encode_history import SEEN, histories
from serving.request.columns import Columns


@dataclass
class RecentItems(ServingOperator):
    """The last `length` items of each user, latest first, int32 `[n, length]`, padded with 0.

    Args:
        length: items kept.
        output: name of the column given.

    Example:
        >>> recent = seen >> RecentItems(30, "history")
    """

    stage: ClassVar[str] = "features"

    length: int
    output: str = "history"

    def needs(self) -> tuple[Need, ...]:
        return SEEN

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (self.output,)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema([ColumnSchema(self.output, "int32", properties={"width": self.length})])

    def transform(self, columns: Columns) -> Columns:
        return {self.output: histories(columns).recent(self.length)}
