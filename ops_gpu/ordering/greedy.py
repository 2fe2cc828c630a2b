"""Lists that are chosen one item after the other, for a batch of users at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.ordering.ranked import Ranked


class Choice(ABC):
    """What makes an item a good next one, given those that a list already holds.

    Rows (users) never look at each other, so a batch gives what its users alone give.
    """

    @abstractmethod
    def gains(self) -> npt.NDArray[np.float64]:
        """How good each candidate is as the next one, float64 `[users, width]`."""

    @abstractmethod
    def take(self, column: npt.NDArray[np.int64]) -> None:
        """Notes the candidate (`[users]`, a column) that each user's list was given."""


def greedy(ranked: Ranked, choice: Choice, k: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.int64]:
    """Columns of the chosen candidates in their order; of equally good ones the better ranked.

    Args:
        ranked: the candidates.
        choice: for these candidates.
        k: the most items of each user's list, `[users]`.

    Returns:
        int64 `[users, most]`, -1 behind the end of a list.
    """
    available, rows = ranked.present.copy(), np.arange(len(k))
    most = int(min(available.shape[1], k.max(initial=0)))
    chosen = np.full((len(k), most), -1, np.int64)
    for place in range(most):
        column = np.where(available, choice.gains(), -np.inf).argmax(axis=1)
        filled = available[rows, column] & (place < k)
        chosen[filled, place] = column[filled]
        available[rows, column] = False
        choice.take(column)
    return chosen
