"""ScoreCoOccurrence: how strongly the user's items lead to other ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ops_gpu.candidates.co_occurring import co_occurring
from ops_gpu.candidates.related_items import RelatedItems
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.operators.features.encode_history import SEEN, histories
from serving.request.columns import Columns, ragged

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class ScoreCoOccurrence(ServingOperator):
    """Every item that co-occurs with the user's own, with summed similarity, by rising code.

    Computed once a request, for the candidate source and for the ranking features. Its settings are the
    defaults of `co_occurring`, with which the ranker was trained.

    Args:
        state: part of the release with the item state.

    Example:
        >>> related = seen >> ScoreCoOccurrence()
    """

    stage: ClassVar[str] = "retrieval"

    state: str = "snapshot"

    def needs(self) -> tuple[Need, ...]:
        return SEEN

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return ("related_item", "related_score")

    def output_schema(self, schema: Schema) -> Schema:
        dtypes = {"related_item": "int32", "related_score": "float32"}
        return Schema(ColumnSchema(name, dtype, is_list=True) for name, dtype in dtypes.items())

    def bind(self, release: Release) -> None:
        self._item_state = release.shared(self.state, ItemState.load)

    def transform(self, columns: Columns) -> Columns:
        scores = co_occurring(self._item_state, histories(columns))
        return {"related_item": scores.items, "related_score": scores.items.with_values(scores.score)}


def related_items(columns: Columns, prefix: str = "related") -> RelatedItems:
    """The scores that this operator's columns make up, or those of another of such a name."""
    return RelatedItems(ragged(columns, f"{prefix}_item"), ragged(columns, f"{prefix}_score").values)
