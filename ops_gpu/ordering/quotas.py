"""Quotas: not too many items of one category in a list."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.ordering.greedy import Choice
from ops_gpu.ordering.ranked import Ranked


class Quotas(Choice):
    """The order of relevance, but for items of a category that has had its share.

    These follow when nothing else is left: a list is never shorter for its quotas. An item of several
    categories needs room in all of them, one of none is always welcome.

    Args:
        ranked: the candidates.
        categories: bool `[items, categories]`, which ones an item has.
        most: the most items of one category.
    """

    def __init__(self, ranked: Ranked, categories: npt.NDArray[np.bool_], most: int) -> None:
        self._relevance, self._most = ranked.relevance, most
        self._mine = categories[ranked.items]
        self._count = np.zeros((len(ranked.items), categories.shape[1]), np.int64)
        self._rows = np.arange(len(ranked.items))

    def gains(self) -> npt.NDArray[np.float64]:
        full = (self._mine & (self._count >= self._most)[:, None, :]).any(axis=2)
        return np.asarray(self._relevance - 2.0 * full)  # relevance lies between 0 and 1

    def take(self, column: npt.NDArray[np.int64]) -> None:
        self._count += self._mine[self._rows, column]
