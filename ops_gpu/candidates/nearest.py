"""Candidates whose vectors are nearest to the user's, from the two-tower model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import SourceList
from ops_gpu.candidates.unseen import first_unseen
from ops_gpu.history import Histories
from ops_gpu.index import ItemIndex
from ops_gpu.ragged import Ragged

MOST_EXTRA = 1_000  # seen items among the nearest that are searched past, a user
SPARE = 2  # cold items of equal features tie, often across the last place: the tie must be inside what is searched


def retrieve_nearest(
    index: ItemIndex, vectors: npt.NDArray[np.float32], histories: Histories, size: int, repeats: bool
) -> SourceList:
    """The `size` nearest items of each user, without seen ones unless `repeats`.

    A user's search goes as much deeper as that user has seen, not as the batch has: how deep an approximate index is
    searched changes what it finds, and nobody's list may depend on who else asks.

    Args:
        index: index over offered items.
        vectors: float32 `[users, dimension]`.
        histories: complete histories of the same users.
        size: candidates a user.
        repeats: whether seen items may come back.
    """
    depths = [SPARE * size + (0 if repeats else _extra(seen)) for seen in histories.items.lengths.tolist()]
    found, scores = _searched(index, vectors, depths)
    # Faiss fills up with -1 where the index holds fewer; these are passed over.
    places = first_unseen(found, None if repeats else histories.items, size)
    return SourceList(places.with_values(found.values[places.values]), scores[places.values])


def _extra(seen: int) -> int:
    """How many items more are searched for a user who has seen so many: the next power of two, so that few depths
    serve many users.
    """
    return min(1 << (seen - 1).bit_length(), MOST_EXTRA) if seen else 0


def _searched(
    index: ItemIndex, vectors: npt.NDArray[np.float32], depths: list[int]
) -> tuple[Ragged, npt.NDArray[np.float32]]:
    """Items and scores, as many as each user's depth; users of one depth are searched for together."""
    if len(set(depths)) == 1:
        found, products = index.search(vectors, depths[0])
        return Ragged(found.ravel(), np.arange(len(depths) + 1) * depths[0]), products.ravel()
    lists = Ragged.from_lengths(np.empty(sum(depths), np.int32), np.array(depths, np.int64))
    scores = np.empty(len(lists.values), np.float32)
    for depth in dict.fromkeys(depths):
        users = np.flatnonzero(np.equal(depths, depth))
        places = lists.offsets[users][:, None] + np.arange(depth)
        lists.values[places], scores[places] = index.search(vectors[users], depth)
    return lists, scores
