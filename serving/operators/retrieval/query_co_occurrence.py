"""QueryCoOccurrence: candidates that go together with what the user chose."""

from __future__ import annotations

from dataclasses import dataclass, field

from serving.operators.base import Need
from serving.operators.features.encode_history import SEEN, histories
from serving.operators.retrieval.candidate_source import CandidateSource
from serving.operators.retrieval.score_co_occurrence import related_items
from serving.request.columns import Columns


@dataclass
class QueryCoOccurrence(CandidateSource):
    """The items most co-occurring with the user's own, from the columns of `ScoreCoOccurrence`.

    Args:
        size: candidates a user.
        repeats: whether items that the user has seen may come back.
        state: part of the release with the item state.

    Example:
        >>> found = (seen + (seen >> ScoreCoOccurrence())) >> QueryCoOccurrence(100)
    """

    source: str = field(default="co_occurrence", kw_only=True)

    def needs(self) -> tuple[Need, ...]:
        related = (
            Need("related_item", ("int32",), is_list=True),
            Need("related_score", ("float32",), is_list=True),
        )
        return (*SEEN, *related)

    def transform(self, columns: Columns) -> Columns:
        related = related_items(columns)
        return self._columns(related.retrieve(self._item_state, histories(columns), self.size, self.repeats))
