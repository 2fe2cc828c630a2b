"""Candidates that co-occur with what the user chose lately."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import SourceList, top_of_rows
from ops_gpu.events import DAY
from ops_gpu.history import Histories
from ops_gpu.snapshot import Snapshot

# Up to so many pairs of user and item are added up in one array of all of them (8 MB); both ways add in one order.
DENSE = 1_000_000


@dataclass(frozen=True)
class CoOccurrenceScores:
    """Summed similarity of every pair (user row, item) that any of the user's items leads to.

    Args:
        key: int64, rising, `row * items + item`.
        score: float32, of the same length.
        items: number of item codes.
    """

    key: npt.NDArray[np.int64]
    score: npt.NDArray[np.float32]
    items: int

    @classmethod
    def compute(
        cls, snapshot: Snapshot, histories: Histories, length: int = 100, half_life_days: float = 60.0
    ) -> CoOccurrenceScores:
        """Adds up the neighbours of each user's last `length` liked items, later ones weighing more.

        Args:
            snapshot: item state with neighbours.
            histories: complete histories, a row a user.
            length: liked items of a user that count.
            half_life_days: age at which an item of the user weighs half. Who stayed away for long gets the same
                order of candidates with lower scores.
        """
        liked = histories.positive > 0
        age = np.maximum(snapshot.as_of - histories.last[liked], 0) / DAY
        weight = (0.5 ** (age / half_life_days)).astype(np.float32)
        own = histories.items.keep(liked)
        late = np.arange(len(own.values)) >= own.offsets[own.row_ids + 1] - length
        row, item, weight = own.row_ids[late], own.values[late], weight[late]
        score = snapshot.neighbours.similarity[item] * weight[:, None]
        target = snapshot.neighbours.items[item]
        found = score > 0
        key = (row[:, None] * snapshot.items + target)[found]
        return cls(*_summed(key, score[found], len(histories) * snapshot.items), snapshot.items)

    def of(self, row: npt.NDArray[np.int64], item: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Scores of pairs.

        Args:
            row: user rows, int64 `[pairs]`.
            item: item codes, int32 `[pairs]`.

        Returns:
            float32 `[pairs]`, 0 where nothing leads to the item.
        """
        return lookup(self.key, self.score, row * self.items + item)

    def retrieve(self, snapshot: Snapshot, histories: Histories, size: int, repeats: bool) -> SourceList:
        """The best available items of each user.

        Args:
            snapshot: says what may be offered.
            histories: those that the scores were computed from.
            size: candidates a user.
            repeats: whether seen items may come back.
        """
        row, item = self.key // self.items, self.key % self.items
        mask = snapshot.available[item]
        if not repeats:
            mask &= ~histories.contain(row, item, self.items)
        return top_of_rows(row[mask], item[mask], self.score[mask], len(histories), size)


def _summed(
    key: npt.NDArray[np.int64], score: npt.NDArray[np.float32], keys: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """The keys (below `keys`) that there are, rising, and the sum of the positive scores of each."""
    if keys <= DENSE:  # one cell a key: no sorting
        dense = np.bincount(key, weights=score, minlength=keys)
        pair = np.flatnonzero(dense)
        return pair, dense[pair].astype(np.float32)
    pair, inverse = np.unique(key, return_inverse=True)
    return pair, np.bincount(inverse, weights=score, minlength=len(pair)).astype(np.float32)


def lookup(
    keys: npt.NDArray[np.int64], values: npt.NDArray[np.float32], wanted: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Values at the wanted keys.

    Args:
        keys: int64 `[n]`, rising.
        values: float32 `[n]`.
        wanted: int64 `[m]`, in any order.

    Returns:
        float32 `[m]`, 0 where a key is absent.
    """
    if len(keys) == 0:
        return np.zeros(len(wanted), np.float32)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], np.float32(0))
