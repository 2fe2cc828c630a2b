"""LookupItems: the features of each candidate, from the release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ops_gpu.features.tiered_feature_table import StoredFeatureTable, feature_table
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.request.columns import Columns, ragged

if TYPE_CHECKING:
    from ops_gpu.tiered import StoreMetrics
    from serving.release.release import Release


@dataclass
class LookupItems(ServingOperator):
    """Gathers engineered item features by code. A gather of 500 rows takes 0.03 ms, from Feast 30 ms.

    A table larger than the release's builder allowed lies on disk, with the rows asked for most in memory; it
    gives the same.

    Args:
        outputs: schema of the columns wanted, as `Schema.to_dict` writes it.
        table: part of the release with the features of items (`write_feature_table`).

    Raises:
        ValueError: when the table has no such column.

    Example:
        >>> wanted = Schema([ColumnSchema("price", "float32")])
        >>> beside = kept["candidate_item"] >> LookupItems(wanted.to_dict())
    """

    stage: ClassVar[str] = "scoring"

    outputs: Mapping[str, Any]
    table: str = "item_features"

    def __post_init__(self) -> None:
        self._wanted = Schema.from_dict(self.outputs)

    def needs(self) -> tuple[Need, ...]:
        return (Need("candidate_item", ("int32",), is_list=True),)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._wanted.names)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(column.with_dtype(column.dtype, is_list=True) for column in self._wanted)

    def bind(self, release: Release) -> None:
        table = release.shared(self.table, feature_table)
        names = self.output_names(())
        missing = [name for name in names if name not in table.names]
        if missing:
            raise ValueError(
                f"The item features of the release have no column {missing[0]!r}, but "
                f"{', '.join(table.names)}; build ensemble and release from one schema."
            )
        self._table = table.select(names)

    def store_metrics(self) -> StoreMetrics | None:
        return self._table.metrics if isinstance(self._table, StoredFeatureTable) else None

    def transform(self, columns: Columns) -> Columns:
        items = ragged(columns, "candidate_item")
        return {name: items.with_values(values) for name, values in self._table.take(items.values).items()}
