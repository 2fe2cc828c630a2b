"""QueryItemWeights: candidates that the user's items lead to, by a sparse retrieval model."""

from __future__ import annotations

from dataclasses import dataclass

from serving.operators.base import Need
from serving.operators.features.encode_history import SEEN, histories
from serving.operators.retrieval.candidate_source import CandidateSource
from serving.operators.retrieval.score_co_occurrence import related_items
from serving.request.columns import Columns


@dataclass
class QueryItemWeights(CandidateSource):
    """The items with most summed weight, from the columns of `ScoreItemWeights`.

    Args:
        size: candidates a user.
        repeats: whether items that the user has seen may come back.
        state: part of the release with the item state.
        source: name of the model.

    Example:
        >>> found = (seen + related) >> QueryItemWeights(100, source="item_knn")
    """

    def needs(self) -> tuple[Need, ...]:
        prefix = f"{self.source}_related"
        related = (
            Need(f"{prefix}_item", ("int32",), is_list=True),
            Need(f"{prefix}_score", ("float32",), is_list=True),
        )
        return (*SEEN, *related)

    def transform(self, columns: Columns) -> Columns:
        related = related_items(columns, f"{self.source}_related")
        return self._columns(related.retrieve(self._item_state, histories(columns), self.size, self.repeats))
