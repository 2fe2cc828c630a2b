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
SPARE = 2  # so many times the size are searched at first: room for seen items, and for ties across the last place
ROUNDING = 1e-5  # scores that differ by less, relatively, may stand in another order in Faiss' own arithmetic


def retrieve_nearest(
    index: ItemIndex, vectors: npt.NDArray[np.float32], histories: Histories, size: int, repeats: bool
) -> SourceList:
    """The `size` nearest items of each user, without seen ones unless `repeats`.

    Of most users a shallow search finds enough unseen items. It is made again, deeper by as much as they have seen,
    for those of whom it does not: searching HNSW twice as deep takes twice the time, which few need. How deep a user
    is searched for follows from that user alone, because it changes what an approximate index finds, and nobody's
    list may depend on who else asks.

    Args:
        index: index over offered items.
        vectors: float32 `[users, dimension]`.
        histories: complete histories of the same users.
        size: candidates a user.
        repeats: whether seen items may come back.
    """
    seen = None if repeats else histories.items
    found, unsettled = _searched(index, vectors, seen, size, SPARE * size)
    if seen is not None and len(unsettled):
        depths = np.array([SPARE * size + _extra(known) for known in seen.lengths[unsettled].tolist()])
        for depth in np.unique(depths).tolist():
            users = unsettled[depths == depth]
            again, _ = _searched(index, vectors[users], seen.take(users), size, depth)
            found = _replaced(found, users, again)
    return found


def _extra(seen: int) -> int:
    """How many items more are searched for a user who has seen so many: the next power of two, so that few depths
    serve many users.
    """
    return min(1 << (seen - 1).bit_length(), MOST_EXTRA) if seen else 0


def _searched(
    index: ItemIndex, vectors: npt.NDArray[np.float32], seen: Ragged | None, size: int, depth: int
) -> tuple[SourceList, npt.NDArray[np.int64]]:
    """The lists from a search of one depth, and the users whose lists a deeper one could change."""
    codes, products = index.search(vectors, depth)
    lists, scores = Ragged(codes.ravel(), np.arange(len(codes) + 1) * depth), products.ravel()
    places = first_unseen(lists, seen, size)  # passes over the -1 that Faiss gives where the index holds fewer
    found = SourceList(places.with_values(lists.values[places.values]), scores[places.values])
    return found, np.array([], np.int64) if seen is None else _unsettled(found, products, seen, size)


def _unsettled(found: SourceList, products: npt.NDArray[np.float32], seen: Ragged, size: int) -> npt.NDArray[np.int64]:
    """Users who have seen something and got too few, or whose last item may tie with one that was not reached."""
    users = []
    for user, (known, got, stop) in enumerate(
        zip(seen.lengths.tolist(), found.items.lengths.tolist(), found.items.offsets[1:].tolist(), strict=True)
    ):
        reached = products.item(user, -1)
        more = known and reached > -np.inf  # which fills up where the index holds no more
        if more and (got < size or found.score.item(stop - 1) <= reached + ROUNDING * abs(reached)):
            users.append(user)
    return np.array(users, np.int64)


def _replaced(found: SourceList, users: npt.NDArray[np.int64], again: SourceList) -> SourceList:
    """The same lists, but for these users."""
    total = len(found.items.values)
    items = Ragged(
        np.concatenate([found.items.values, again.items.values]),
        np.concatenate([found.items.offsets, total + again.items.offsets[1:]]),
    )
    rows = np.arange(len(found.items))
    rows[users] = len(rows) + np.arange(len(users))
    places = items.places(rows)
    score = np.concatenate([found.score, again.score])
    return SourceList(places.with_values(items.values[places.values]), score[places.values])
