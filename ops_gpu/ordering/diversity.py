"""Maximal marginal relevance: items that are relevant and unlike those already in the list."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.ordering.greedy import Choice
from ops_gpu.ordering.ranked import Ranked


class Diversity(Choice):
    """`relevance_weight * relevance - (1 - relevance_weight) * similarity` to the closest chosen item.

    Carbonell and Goldstein 1998, "The use of MMR". Similarity is the inner product of item vectors, 0 for
    the first item.

    Args:
        ranked: the candidates.
        vectors: float32 `[items, dimension]`, of unit length.
        relevance_weight: 1 is the order of relevance, 0 looks at differences alone.
    """

    def __init__(self, ranked: Ranked, vectors: npt.NDArray[Any], relevance_weight: float) -> None:
        self._mine = vectors[ranked.items].astype(np.float64)
        self._relevance = relevance_weight * ranked.relevance
        self._weight = 1.0 - relevance_weight
        self._closest: npt.NDArray[np.float64] | None = None
        self._rows = np.arange(len(ranked.items))

    def gains(self) -> npt.NDArray[np.float64]:
        if self._closest is None:
            return self._relevance
        return np.asarray(self._relevance - self._weight * self._closest)

    def take(self, column: npt.NDArray[np.int64]) -> None:
        similarity = np.einsum("ud,uwd->uw", self._mine[self._rows, column], self._mine)
        self._closest = similarity if self._closest is None else np.maximum(self._closest, similarity)
