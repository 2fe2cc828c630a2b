"""QueryHistory: candidates that the user has chosen before."""

from __future__ import annotations

from dataclasses import dataclass, field

from ops_gpu.candidates.own_history import retrieve_history
from serving.operators.features.encode_history import histories
from serving.operators.retrieval.candidate_source import CandidateSource
from serving.request.columns import Columns


@dataclass
class QueryHistory(CandidateSource):
    """The user's own items, most often chosen first: repurchases; see `ops_gpu.candidates.own_history`.

    Args:
        size: candidates a user.
        repeats: must be true: all that it gives has been seen.
        state: part of the release with the item state.

    Raises:
        ValueError: when `repeats` is false.

    Example:
        >>> found = seen >> QueryHistory(50, repeats=True)
    """

    source: str = field(default="history", kw_only=True)

    repeats: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.repeats:
            raise ValueError(
                "QueryHistory gives nothing but items that the user has seen, which the recommender does not "
                "want (repeats: false); switch the source off, or allow repeats."
            )

    def transform(self, columns: Columns) -> Columns:
        return self._columns(retrieve_history(self._item_state, histories(columns), self.size))
