"""Lists of the best of a few scored items for each user, filled up by what is popular."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ops_gpu.interactions.histories import Histories
from ops_gpu.primitives.kernel import Bools, Float64s, Int32Matrix, Int32s, Int64s, in_threads, kernel
from ops_gpu.primitives.ragged import Ragged

LEAST = 128
"""Users of a thread at once."""


@dataclass(frozen=True)
class Filler:
    """What lists are filled up with.

    Args:
        scores: float64 `[items]`, at least 0.
        offered: bool `[items]`.
        order: codes on offer, int32, by falling score, ties by code.
    """

    scores: npt.NDArray[np.float64]
    offered: npt.NDArray[np.bool_]
    order: npt.NDArray[np.int32]

    @classmethod
    def of(cls, scores: npt.NDArray[np.float64], offered: npt.NDArray[np.bool_]) -> Filler:
        """Orders the items on offer."""
        codes = np.flatnonzero(offered)
        return cls(scores, offered, codes[np.lexsort((codes, -scores[codes]))].astype(np.int32))


def filled_lists(
    items: Ragged, scores: npt.NDArray[np.floating], filler: Filler, k: int, without: Histories | None = None
) -> npt.NDArray[np.int32]:
    """The `k` items on offer with the highest sum of score and filler, where items that are not given score 0.

    Costs what is given, beside two arrays of the catalogue's length for some hundred users.

    Args:
        items: codes, of each user's row distinct ones.
        scores: of these items, by row.
        filler: what is popular.
        k: items a list.
        without: items that do not come back, a row a user; None where all may.

    Returns:
        int32 `[users, k]`, ties by code; 0 where fewer are on offer.
    """
    nothing = Ragged.from_lengths(np.empty(0, np.int32), np.zeros(len(items), np.int64))
    gone = nothing if without is None else without.items
    left, codes = gone.values.astype(np.int32), items.values.astype(np.int32)
    given = np.ascontiguousarray(scores, np.float64)
    result = np.zeros((len(items), k), np.int32)

    def of(start: int, end: int) -> None:
        rows, others = items.offsets[start : end + 1], gone.offsets[start : end + 1]
        room = np.zeros(len(filler.scores), np.int64), np.zeros(len(filler.scores), np.int64)
        order, most, offered = filler.order, filler.scores, filler.offered
        _fill(rows, codes, given, others, left, order, most, offered, *room, result[start:end])

    in_threads(of, len(items), LEAST)
    return result


@kernel(writes=3, beside=True)
def _fill(
    rows: Int64s,
    items: Int32s,
    scores: Float64s,
    gone_rows: Int64s,
    gone: Int32s,
    popular: Int32s,
    filler: Float64s,
    offered: Bools,
    given: Int64s,
    left_out: Int64s,
    best: Int32Matrix,
) -> None:
    """Writes the list of each row.

    Args:
        rows: where the items of each row begin, `[rows + 1]`.
        items: given ones.
        scores: of them.
        gone_rows: where the items of each row begin that are left out.
        gone: these.
        popular: items on offer by falling filler, ties by code.
        filler: by item.
        offered: by item.
        given: zeros, `[items]`; the row (from 1) that an item was last given for.
        left_out: zeros, `[items]`, likewise.
        best: zeros, `[rows, k]`.
    """
    k = best.shape[1]
    for row in range(len(best)):
        for place in range(gone_rows[row], gone_rows[row + 1]):
            left_out[gone[place]] = row + 1
        most = rows[row + 1] - rows[row] + k
        code, value = np.empty(most, np.int32), np.empty(most, np.float64)
        size = 0
        for place in range(rows[row], rows[row + 1]):
            item = items[place]
            given[item] = row + 1
            if offered[item] and left_out[item] != row + 1:
                code[size], value[size] = item, scores[place] + filler[item]
                size += 1
        wanted = size + k
        for place in range(len(popular)):
            if size == wanted:
                break
            item = popular[place]
            if given[item] != row + 1 and left_out[item] != row + 1:
                code[size], value[size] = item, filler[item]
                size += 1
        order = np.argsort(code[:size])
        order = order[np.argsort(-value[:size][order], kind="mergesort")]
        for place in range(min(k, size)):
            best[row, place] = code[order[place]]
