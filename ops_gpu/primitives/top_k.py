"""The best entries of lists: by falling score, equal ones in an order that favours none."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.kernel import Float32s, Int32s, Int64s, kernel
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.primitives.tie_order import FIRST, FIRST_BACK, LAST, MASK, SECOND, SECOND_BACK, SHIFT


def top_k(items: Ragged, score: npt.NDArray[np.float32], size: int) -> tuple[Ragged, npt.NDArray[np.float32]]:
    """The best-scored entries of each row, ties in the order of `tie_order`.

    Args:
        items: int32 item codes, distinct within a row; -1 stands behind all others of its score.
        score: float32 `[total]`; NaN stands behind all numbers.
        size: most entries a row.

    Returns:
        The items, and their scores.
    """
    entries = min(len(items.values), size * len(items))
    best, best_score, offsets = np.empty(entries, np.int32), np.empty(entries, np.float32), np.zeros_like(items.offsets)
    total = _top_k(items.offsets, items.values, score, size, offsets, best, best_score)
    return Ragged(best[:total], offsets), best_score[:total]


@kernel(writes=3)
def _top_k(
    rows: Int64s, items: Int32s, score: Float32s, size: int, offsets: Int64s, best: Int32s, best_score: Float32s
) -> int:
    """Sorts one number an entry: the bits of its score, turned so that the largest comes first, then its tie order."""
    turned, total = best_score.view(np.uint32), 0
    for row in range(len(rows) - 1):
        start, entries = rows[row], rows[row + 1] - rows[row]
        bits = (score[start : start + entries] + np.float32(0)).view(np.uint32)  # adding makes zeros alike
        keys = np.empty(entries, np.uint64)
        for place in range(entries):
            falling = bits[place] if bits[place] >> 31 else ~bits[place] & np.uint32(0x7FFFFFFF)
            if np.isnan(score[start + place]):
                falling = np.uint32(0xFFFFFFFF)  # whatever its sign, behind all numbers
            tie = np.uint64(LAST)
            if items[start + place] >= 0:
                tie = (np.uint64(items[start + place]) + np.uint64(SHIFT)) & np.uint64(MASK)
                tie = (tie * np.uint64(FIRST)) & np.uint64(MASK)
                tie ^= tie >> np.uint64(15)
                tie = (tie * np.uint64(SECOND)) & np.uint64(MASK)
                tie ^= tie >> np.uint64(14)
            keys[place] = (np.uint64(falling) << np.uint64(32)) | tie
        if 0 < size < entries:
            keys = np.partition(keys, size - 1)
        for key in np.sort(keys[:size]):
            falling = np.uint32(key >> np.uint64(32))
            turned[total] = falling if falling >> 31 else ~falling & np.uint32(0x7FFFFFFF)
            tie = key & np.uint64(LAST)
            best[total] = -1
            if tie != np.uint64(LAST):  # the same backwards
                tie ^= (tie >> np.uint64(14)) ^ (tie >> np.uint64(28))
                tie = (tie * np.uint64(SECOND_BACK)) & np.uint64(MASK)
                tie ^= (tie >> np.uint64(15)) ^ (tie >> np.uint64(30))
                tie = (tie * np.uint64(FIRST_BACK)) & np.uint64(MASK)
                best[total] = np.int32((tie - np.uint64(SHIFT)) & np.uint64(MASK))
            total += 1
        offsets[row + 1] = total
    return total
