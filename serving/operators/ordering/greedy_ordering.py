"""What the orderings that build a list item by item have in common."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ops_gpu.features.tiered_feature_table import feature_table
from ops_gpu.ordering.greedy import Choice, greedy
from ops_gpu.ordering.ranked import Ranked
from serving.operators.ordering.ordering import Ordering
from serving.request.columns import Columns, array, ragged

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class GreedyOrdering(Ordering):
    """Gives each user up to `k` candidates, one after the other, by a `Choice` of `ops_gpu.ordering`.

    Args:
        pool: how many of the best candidates of a user are looked at; the rest are never given.

    Example:
        >>> isinstance(CategoryQuotas("studio", most=2, pool=100), GreedyOrdering)
        True
    """

    pool: int = field(default=200, kw_only=True)

    def __post_init__(self) -> None:
        if self.pool < 1:
            raise ValueError(f"{self.name} has a pool of {self.pool}; give 1 candidate or more.")

    @abstractmethod
    def choice(self, ranked: Ranked, columns: Columns) -> Choice:
        """What makes an item a good next one, for the candidates of a batch."""

    def transform(self, columns: Columns) -> Columns:
        items, scores = ragged(columns, "candidate_item"), ragged(columns, "candidate_score").values
        ranked = Ranked.of(items, scores, self.pool)
        chosen = greedy(ranked, self.choice(ranked, columns), array(columns, "k"))
        there = chosen >= 0
        places = np.take_along_axis(ranked.places, np.maximum(chosen, 0), axis=1)[there]
        return self.given(columns, places, there.sum(axis=1))


def item_column(release: Release, table: str, column: str) -> npt.NDArray[Any]:
    """A column of the release's item features; ValueError where there is none."""
    features = release.shared(table, feature_table)
    if column not in features.names:
        raise ValueError(
            f"The item features of the release have no column {column!r}, but {', '.join(features.names)}."
        )
    return features.column(column)
