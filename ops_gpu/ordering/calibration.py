"""Calibration: a list with the genres, or the prices, that a user goes for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.ordering.greedy import Choice
from ops_gpu.ordering.ranked import Ranked

SMOOTHING = 0.01  # share of the target mixed into a list's distribution, which keeps the divergence finite


class Calibration(Choice):
    """`(1 - weight) * relevance - weight * KL(target, list)`: Steck 2018, "Calibrated recommendations".

    A user with an empty target (no history) gets the order of relevance.

    Args:
        ranked: the candidates.
        shares: float64 `[items, categories]`, how much of an item lies in each; rows add up to 1 or are 0.
        target: float64 `[users, categories]`, the distribution that a list should have; any scale.
        weight: 0 is the order of relevance, 1 looks at the distribution alone.
    """

    def __init__(
        self, ranked: Ranked, shares: npt.NDArray[np.float64], target: npt.NDArray[Any], weight: float
    ) -> None:
        total = target.sum(axis=1, keepdims=True)
        self._target = target / np.where(total > 0, total, 1.0)
        self._weight = np.where(total > 0, weight, 0.0)
        self._relevance = (1.0 - self._weight) * ranked.relevance
        self._mine = shares[ranked.items]
        self._sum = np.zeros((len(ranked.items), shares.shape[1]))
        self._taken = 0
        self._rows = np.arange(len(ranked.items))

    def gains(self) -> npt.NDArray[np.float64]:
        after = (self._sum[:, None, :] + self._mine) / (self._taken + 1)
        mixed = (1.0 - SMOOTHING) * after + SMOOTHING * self._target[:, None, :]
        wanted = self._target[:, None, :] > 0
        ratio = np.divide(self._target[:, None, :], mixed, out=np.ones_like(mixed), where=wanted)
        divergence = (self._target[:, None, :] * np.log(ratio)).sum(axis=2)
        return np.asarray(self._relevance - self._weight * divergence)

    def take(self, column: npt.NDArray[np.int64]) -> None:
        self._sum += self._mine[self._rows, column]
        self._taken += 1
