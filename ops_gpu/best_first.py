"""The best entries of lists: by falling score, equal ones by rising code."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.kernel import Float32s, Int32s, Int64s, kernel
from ops_gpu.ragged import Ragged


def best_first(items: Ragged, score: npt.NDArray[np.float32], size: int) -> tuple[Ragged, npt.NDArray[np.float32]]:
    """The best-scored entries of each row, ties by rising item code.

    Args:
        items: int32 item codes, distinct within a row; -1 stands behind all others of its score.
        score: float32 `[total]`; NaN stands behind all numbers.
        size: most entries a row.

    Returns:
        The items, and their scores.
    """
    entries = min(len(items.values), size * len(items))
    best, best_score, offsets = np.empty(entries, np.int32), np.empty(entries, np.float32), np.zeros_like(items.offsets)
    total = _best_first(items.offsets, items.values, score, size, offsets, best, best_score)
    return Ragged(best[:total], offsets), best_score[:total]


@kernel(writes=3)
def _best_first(
    rows: Int64s, items: Int32s, score: Float32s, size: int, offsets: Int64s, best: Int32s, best_score: Float32s
) -> int:
    """Sorts one number an entry: the bits of its score, turned so that the largest comes first, then the code."""
    turned, total = best_score.view(np.uint32), 0
    for row in range(len(rows) - 1):
        start, entries = rows[row], rows[row + 1] - rows[row]
        bits = (score[start : start + entries] + np.float32(0)).view(np.uint32)  # adding makes zeros alike
        keys = np.empty(entries, np.uint64)
        for place in range(entries):
            falling = bits[place] if bits[place] >> 31 else ~bits[place] & np.uint32(0x7FFFFFFF)
            if np.isnan(score[start + place]):
                falling = np.uint32(0xFFFFFFFF)  # whatever its sign, behind all numbers
            keys[place] = (np.uint64(falling) << np.uint64(32)) | np.uint64(np.uint32(items[start + place]))
        if 0 < size < entries:
            keys = np.partition(keys, size - 1)
        for key in np.sort(keys[:size]):
            falling = np.uint32(key >> np.uint64(32))
            turned[total] = falling if falling >> 31 else ~falling & np.uint32(0x7FFFFFFF)
            best[total] = np.int32(np.uint32(key & np.uint64(0xFFFFFFFF)))
            total += 1
        offsets[row + 1] = total
    return total
