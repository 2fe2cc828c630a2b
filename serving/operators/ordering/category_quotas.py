"""CategoryQuotas: not too many items of one category in a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops_gpu.ordering.categories import membership
from ops_gpu.ordering.quotas import Quotas
from ops_gpu.ordering.ranked import Ranked
from serving.operators.ordering.greedy_ordering import GreedyOrdering, item_column
from serving.request.columns import Columns

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class CategoryQuotas(GreedyOrdering):
    """The order of relevance with at most so many items of each category; see `ops_gpu.ordering.quotas`.

    Args:
        column: item feature with the category: codes, lists of codes, or numbers, which are put in buckets.
        most: the most items of one category, for as long as there are others.
        buckets: of numbers.
        table: part of the release with the item features.

    Example:
        >>> best = (scored + request["k"]) >> CategoryQuotas("studio", most=2)
    """

    column: str
    most: int = 2
    buckets: int = 5
    table: str = "item_features"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.most < 1 or self.buckets < 1:
            raise ValueError(f"{self!r} has most or buckets below 1; give 1 or more.")

    def bind(self, release: Release) -> None:
        self._categories = membership(item_column(release, self.table, self.column), self.buckets)

    def choice(self, ranked: Ranked, columns: Columns) -> Quotas:
        return Quotas(ranked, self._categories, self.most)
