"""UnrollFeatures: what is known of a user, beside each of their candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.request.columns import Columns, array, ragged


@dataclass
class UnrollFeatures(ServingOperator):
    """Repeats scalar columns of the user over the user's candidates, as list columns.

    Args:
        over: list column whose lengths decide; it is not given on.
        prefix: put before the names of the repeated columns.

    Example:
        >>> beside = (kept["candidate_item"] + user) >> UnrollFeatures()
    """

    stage: ClassVar[str] = "scoring"

    over: str = "candidate_item"
    prefix: str = ""

    def needs(self) -> tuple[Need, ...]:
        return (Need(self.over, is_list=True),)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.prefix + name for name in names if name != self.over)

    def output_schema(self, schema: Schema) -> Schema:
        columns = [column for column in schema if column.name != self.over]
        for column in columns:
            if column.is_list:
                raise TypeError(
                    f"UnrollFeatures repeats scalar columns, but is given the list column {column.name!r}; "
                    f"leave it out or make a vector of it."
                )
        return Schema(replace(column, name=self.prefix + column.name, is_list=True) for column in columns)

    def transform(self, columns: Columns) -> Columns:
        over = ragged(columns, self.over)
        rows = over.row_ids
        return {
            self.prefix + name: over.with_values(array(columns, name)[rows]) for name in columns if name != self.over
        }
