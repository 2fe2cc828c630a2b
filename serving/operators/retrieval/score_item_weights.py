"""ScoreItemWeights: where the user's items lead to, by the weights of a sparse retrieval model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ops_gpu.candidates.item_weights import ItemWeights
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.operators.features.encode_history import SEEN, histories
from serving.request.columns import Columns

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class ScoreItemWeights(ServingOperator):
    """Every item that the user's own lead to, with summed weight, by rising code: `NAME_related_item` and `_score`.

    Computed once a request, for the candidate source and for the ranking features.

    Args:
        source: name of the model.
        weights: part of the release with its table (`ItemWeights`).
        state: part of the release with the item state, which says what time it is.

    Example:
        >>> related = seen >> ScoreItemWeights("item_knn", "retrieval_model/item_knn")
    """

    stage: ClassVar[str] = "retrieval"

    source: str
    weights: str
    state: str = "snapshot"

    def needs(self) -> tuple[Need, ...]:
        return SEEN

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (f"{self.source}_related_item", f"{self.source}_related_score")

    def output_schema(self, schema: Schema) -> Schema:
        item, score = self.output_names(())
        return Schema([ColumnSchema(item, "int32", is_list=True), ColumnSchema(score, "float32", is_list=True)])

    def bind(self, release: Release) -> None:
        self._weights = release.shared(self.weights, ItemWeights.load)
        self._as_of = release.shared(self.state, ItemState.load).as_of

    def transform(self, columns: Columns) -> Columns:
        related = self._weights.related(histories(columns), self._as_of)
        item, score = self.output_names(())
        return {item: related.items, score: related.items.with_values(related.score)}
