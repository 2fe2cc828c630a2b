"""What all candidate sources have in common: their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from ops_gpu.candidates.candidates import SourceList
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.operators.features.encode_history import SEEN
from serving.request.columns import Columns, ragged

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class CandidateSource(ServingOperator):
    """A source of candidates: gives `<source>_item` (codes) and `<source>_score`, best first.

    Args:
        size: candidates a user.
        repeats: whether items that the user has seen may come back.
        state: part of the release with the item state.
        source: its name.

    Raises:
        ValueError: for a size below 1.

    Example:
        >>> popular = seen >> QueryPopular(100)
        >>> popular.names
        ('popular_item', 'popular_score')
    """

    stage: ClassVar[str] = "retrieval"

    size: int = 100
    repeats: bool = False
    state: str = "snapshot"
    source: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"{self.name} must give at least 1 candidate, got size={self.size}.")

    def needs(self) -> tuple[Need, ...]:
        return SEEN

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (f"{self.source}_item", f"{self.source}_score")

    def output_schema(self, schema: Schema) -> Schema:
        item, score = self.output_names(())
        return Schema([ColumnSchema(item, "int32", is_list=True), ColumnSchema(score, "float32", is_list=True)])

    def bind(self, release: Release) -> None:
        self._item_state = release.shared(self.state, ItemState.load)

    def _columns(self, found: SourceList) -> Columns:
        item, score = self.output_names(())
        return {item: found.items, score: found.items.with_values(found.score)}


def source_list(columns: Columns, source: str) -> SourceList:
    """What a source gave, from its columns."""
    score: Ragged = ragged(columns, f"{source}_score")
    return SourceList(ragged(columns, f"{source}_item"), score.values)
