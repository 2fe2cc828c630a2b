"""CalibratedOrdering: a list with the genres, or the prices, that the user goes for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ops_gpu.ordering.calibration import Calibration
from ops_gpu.ordering.categories import membership, shares
from ops_gpu.ordering.ranked import Ranked
from serving.operators.base import Need
from serving.operators.ordering.greedy_ordering import GreedyOrdering, item_column
from serving.request.columns import Columns, ragged

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class CalibratedOrdering(GreedyOrdering):
    """Trades relevance against how far the list's distribution is from that of the user's history.

    See `ops_gpu.ordering.calibration`.

    Args:
        column: item feature with the category: codes, lists of codes, or numbers, which are put in buckets.
        weight: 0 is the order of relevance, 1 looks at the distribution alone.
        buckets: of numbers.
        table: part of the release with the item features.
        seen: list column with the codes of the items in the user's history.

    Example:
        >>> best = (scored + seen["seen_item"] + request["k"]) >> CalibratedOrdering("price")
    """

    column: str
    weight: float = 0.5
    buckets: int = 5
    table: str = "item_features"
    seen: str = "seen_item"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.weight <= 1 or self.buckets < 1:
            raise ValueError(f"{self!r} needs a weight between 0 and 1 and at least one bucket.")

    def needs(self) -> tuple[Need, ...]:
        return (*super().needs(), Need(self.seen, ("int32",), is_list=True))

    def bind(self, release: Release) -> None:
        self._shares = shares(membership(item_column(release, self.table, self.column), self.buckets))

    def choice(self, ranked: Ranked, columns: Columns) -> Calibration:
        seen = ragged(columns, self.seen)
        target = np.zeros((len(seen), self._shares.shape[1]))
        np.add.at(target, seen.row_ids, self._shares[seen.values])
        return Calibration(ranked, self._shares, target, self.weight)
