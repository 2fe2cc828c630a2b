"""Candidates whose vectors are nearest to the user's, from the two-tower model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import SourceList, top_of_rows
from ops_gpu.history import Histories
from ops_gpu.index import ItemIndex

MOST_EXTRA = 1_000  # seen items among the nearest that are searched past, a user


def retrieve_nearest(
    index: ItemIndex, vectors: npt.NDArray[np.float32], histories: Histories, items: int, size: int, repeats: bool
) -> SourceList:
    """The `size` nearest items of each user, without seen ones unless `repeats`.

    Args:
        index: index over offered items.
        vectors: float32 `[users, dimension]`.
        histories: complete histories of the same users.
        items: number of item codes.
        size: candidates a user.
        repeats: whether seen items may come back.
    """
    seen = 0 if repeats or len(histories) == 0 else int(histories.items.lengths.max(initial=0))
    codes, scores = index.search(vectors, size + min(seen, MOST_EXTRA))
    row = np.repeat(np.arange(len(vectors), dtype=np.int64), codes.shape[1])
    item, score = codes.ravel(), scores.ravel()
    mask = item >= 0  # Faiss fills up with -1 when the index holds fewer
    if seen:
        mask &= ~np.isin(row * items + item, histories.keys(items))
    return top_of_rows(row[mask], item[mask], score[mask], len(vectors), size)
