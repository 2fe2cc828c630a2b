"""Candidates whose vectors are nearest to the user's, from the two-tower model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import SourceList
from ops_gpu.candidates.index import ItemIndex
from ops_gpu.candidates.unseen import first_unseen
from ops_gpu.interactions.histories import Histories
from ops_gpu.primitives.kernel import Bools, Float32Matrix, Float32s, Int64s, kernel
from ops_gpu.primitives.ragged import Ragged

MOST_EXTRA = 1_000  # seen items among the nearest that are searched past, a user
SPARE = 2  # so many times the size are searched at first: room for seen items, and for ties across the last place
ROUNDING = 1e-5  # products that differ by less, of lengths of about 1, may stand in another order in Faiss' arithmetic


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
    if seen is None or len(unsettled) == 0:
        return found
    depths = np.array([SPARE * size + _extra(known) for known in seen.lengths[unsettled].tolist()])
    users = [unsettled[depths == depth] for depth in np.unique(depths)]
    lists = [
        _searched(index, vectors[some], seen.take(some), size, int(depth))[0]
        for some, depth in zip(users, np.unique(depths), strict=True)
    ]
    return _replaced(found, np.concatenate(users), lists)


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
    places = first_unseen(lists, seen, size)  # passes over the -1 that stand where the index holds fewer
    found = SourceList(places.with_values(lists.values[places.values]), scores[places.values])
    unsettled = np.zeros(len(codes), np.bool_)
    if seen is not None and depth:
        _look(np.ascontiguousarray(vectors), products, seen.offsets, places.offsets, found.score, size, unsettled)
    return found, np.flatnonzero(unsettled)


@kernel(writes=1)
def _look(
    queries: Float32Matrix,
    products: Float32Matrix,
    seen_rows: Int64s,
    found_rows: Int64s,
    score: Float32s,
    size: int,
    unsettled: Bools,
) -> None:
    """Finds users who have seen something and got too few, or whose last item may tie with one that was not reached."""
    for user in range(len(unsettled)):
        reached = products[user, -1]  # without end where the index holds no more
        if seen_rows[user + 1] == seen_rows[user] or not reached > -np.inf:
            continue
        stop = found_rows[user + 1]
        unsettled[user] = stop - found_rows[user] < size
        if not unsettled[user]:
            scale = max(np.sqrt((queries[user] ** 2).sum()), abs(products[user, 0]), abs(reached))
            unsettled[user] = score[stop - 1] <= reached + ROUNDING * scale


def _replaced(found: SourceList, users: npt.NDArray[np.int64], lists: list[SourceList]) -> SourceList:
    """The same lists, but for these users."""
    parts = [found, *lists]
    lengths = np.concatenate([part.items.lengths for part in parts])
    items = Ragged.from_lengths(np.concatenate([part.items.values for part in parts]), lengths)
    rows = np.arange(len(found.items))
    rows[users] = len(rows) + np.arange(len(users))
    places = items.places(rows)
    score = np.concatenate([part.score for part in parts])
    return SourceList(places.with_values(items.values[places.values]), score[places.values])
