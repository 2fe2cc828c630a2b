"""Candidates whose vectors are nearest to the user's, from the two-tower model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import SourceList, first_of_rows
from ops_gpu.history import Histories
from ops_gpu.index import ItemIndex

MOST_EXTRA = 1_000  # seen items among the nearest that are searched past, a user
SPARE = 2  # cold items of equal features tie, often across the last place: the tie must be inside what is searched


def retrieve_nearest(
    index: ItemIndex, vectors: npt.NDArray[np.float32], histories: Histories, items: int, size: int, repeats: bool
) -> SourceList:
    """The `size` nearest items of each user, without seen ones unless `repeats`.

    A user's search goes as much deeper as that user has seen, not as the batch has: how deep an approximate index is
    searched changes what it finds, and nobody's list may depend on who else asks.

    Args:
        index: index over offered items.
        vectors: float32 `[users, dimension]`.
        histories: complete histories of the same users.
        items: number of item codes.
        size: candidates a user.
        repeats: whether seen items may come back.
    """
    extra = np.zeros(len(vectors), np.int64) if repeats else _extra(histories.items.lengths)
    depths = SPARE * size + extra
    found = [_search(index, vectors, np.flatnonzero(depths == depth), int(depth)) for depth in np.unique(depths)]
    if not found:
        found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
    row, item, score = (np.concatenate(column) for column in zip(*found, strict=True))
    mask = item >= 0  # Faiss fills up with -1 when the index holds fewer
    if not repeats:
        mask &= ~histories.contain(row, item, items)
    row, item, score = row[mask], item[mask], score[mask]
    if len(found) > 1:
        order = np.argsort(row, kind="stable")
        row, item, score = row[order], item[order], score[order]
    return first_of_rows(row, item, score, len(vectors), size)


def _extra(seen: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many items more are searched for users who have seen so many: the next power of two, so that few depths
    serve many users.
    """
    powers = 2 ** np.ceil(np.log2(np.maximum(seen, 1))).astype(np.int64)
    return np.where(seen > 0, np.minimum(powers, MOST_EXTRA), 0)


def _search(
    index: ItemIndex, vectors: npt.NDArray[np.float32], users: npt.NDArray[np.int64], depth: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Row, item and score of the `depth` nearest items of these users."""
    codes, scores = index.search(vectors[users], depth)
    return np.repeat(users, depth), codes.ravel(), scores.ravel()
