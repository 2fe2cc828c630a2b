"""Item-to-item neighbours by cosine over the users who liked both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ops_gpu.interactions.events import Events
from ops_gpu.interactions.histories import Histories

BLOCK_CELLS = 8_000_000  # similarities held at once: bounds memory to some 100 MB, whatever the catalogue


@dataclass(frozen=True)
class Neighbours:
    """The most similar items of every item.

    Args:
        items: int32 `[items, m]`, codes by falling similarity, 0 where there are fewer than `m`.
        similarity: float32 `[items, m]`, cosine in (0, 1], 0 where there is none.
    """

    items: npt.NDArray[np.int32]
    similarity: npt.NDArray[np.float32]

    @classmethod
    def fit(cls, events: Events, size: int = 50, history: int = 200, shrinkage: float = 2.0) -> Neighbours:
        """Counts who liked both, over the last `history` liked items of each user.

        Args:
            events: the interactions to learn from; only positive ones count.
            size: neighbours kept an item.
            history: how many items of a user count: heavy users would otherwise cost their square.
            shrinkage: added to the geometric mean of the two popularities, so that two items
                with one user in common are not taken for twins.

        Source: item-based top-N (Deshpande and Karypis, 2004), cosine with shrinkage.
        """
        users = np.arange(events.users)
        liked = Histories.from_events(events.where(events.positive), users).items.tail(history)
        ones = np.ones(len(liked.values), np.float32)
        matrix = sp.csr_matrix((ones, liked.values, liked.offsets), shape=(events.users, events.items))
        popularity = np.asarray(matrix.sum(axis=0), np.float32).ravel()
        supported = np.flatnonzero(popularity >= 2).astype(np.int32)  # one user makes no co-occurrence worth having
        result = cls(np.zeros((events.items, size), np.int32), np.zeros((events.items, size), np.float32))
        columns, norm = matrix[:, supported], np.sqrt(popularity[supported])
        likers = columns.T.tocsr()  # items as rows: a block of them is cut out without a pass over all likes
        block = max(1, BLOCK_CELLS // max(1, len(supported)))
        for start in range(0, len(supported), block):
            rows = slice(start, start + block)
            common = (likers[rows] @ columns).toarray()
            cosine = common / (norm[rows, None] * norm[None, :] + np.float32(shrinkage))
            np.fill_diagonal(cosine[:, start:], 0)
            result._keep_best(supported[rows], supported, cosine.astype(np.float32, copy=False))
        return result

    def _keep_best(
        self, rows: npt.NDArray[np.int32], columns: npt.NDArray[np.int32], cosine: npt.NDArray[np.float32]
    ) -> None:
        size = min(self.items.shape[1], cosine.shape[1])
        best = np.argpartition(-cosine, size - 1, axis=1)[:, :size]
        value = np.take_along_axis(cosine, best, axis=1)
        order = np.lexsort((best, -value), axis=1)
        value = np.take_along_axis(value, order, axis=1)
        self.similarity[rows, :size] = value
        self.items[rows, :size] = np.where(value > 0, columns[np.take_along_axis(best, order, axis=1)], 0)
