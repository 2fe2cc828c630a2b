"""QueryPopular: candidates that are popular now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops_gpu.candidates.popular import popular_order, retrieve_popular
from serving.operators.features.encode_history import histories
from serving.operators.retrieval.candidate_source import CandidateSource
from serving.request.columns import Columns

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class QueryPopular(CandidateSource):
    """The items with most recent positive events, decayed; see `ops_gpu.candidates.popular`.

    Args:
        size: candidates a user.
        repeats: whether items that the user has seen may come back.
        state: part of the release with the item state.

    Example:
        >>> found = seen >> QueryPopular(100)
    """

    source: str = field(default="popular", kw_only=True)

    def bind(self, release: Release) -> None:
        super().bind(release)
        self._order = popular_order(self._item_state)

    def transform(self, columns: Columns) -> Columns:
        found = retrieve_popular(self._order, self._item_state, histories(columns), self.size, self.repeats)
        return self._columns(found)
