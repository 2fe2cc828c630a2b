"""What a user has seen, among what might be offered."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.kernel import Bools, Int32s, Int64s, kernel
from ops_gpu.primitives.ragged import Ragged

_NOTHING = np.empty(0, np.int32)


def contained(lists: Ragged, others: Ragged) -> npt.NDArray[np.bool_]:
    """Whether each value of a row is in the other list of that row.

    Args:
        lists: int32, a row a user.
        others: int32, in any order, as many rows.

    Returns:
        bool `[total]`.
    """
    found = np.zeros(len(lists.values), np.bool_)
    if len(others.values):
        _contained(lists.offsets, lists.values, others.offsets, others.values, found)
    return found


def first_unseen(lists: Ragged, seen: Ragged | None, size: int) -> Ragged:
    """The first items of each user's list that the user has not seen.

    Args:
        lists: int32 item codes, the best first; negative ones are passed over.
        seen: int32 codes of the same users; None lets every item through.
        size: most items a user.

    Returns:
        Places among the values of `lists`, int64.
    """
    return _first_unseen(lists.offsets[:-1], lists.offsets[1:], lists.values, seen, size)


def first_unseen_of_one(order: npt.NDArray[np.int32], users: int, seen: Ragged | None, size: int) -> Ragged:
    """As `first_unseen`, for one list that is everybody's.

    Args:
        order: int32 item codes, the best first.
        users: how many there are.
        seen: int32 codes of the users; None lets every item through.
        size: most items a user.

    Returns:
        Places in `order`, int64.
    """
    return _first_unseen(np.zeros(users, np.int64), np.full(users, len(order)), order, seen, size)


def _first_unseen(
    starts: npt.NDArray[np.int64],
    stops: npt.NDArray[np.int64],
    codes: npt.NDArray[np.int32],
    seen: Ragged | None,
    size: int,
) -> Ragged:
    offsets = np.zeros(len(starts) + 1, np.int64)
    places = np.empty(min(size * len(starts), int((stops - starts).sum())), np.int64)
    known = Ragged(_NOTHING, offsets.copy()) if seen is None else seen
    total = _fill_unseen(starts, stops, codes, known.values, known.offsets, size, offsets, places)
    return Ragged(places[:total], offsets)


@kernel(writes=1)
def _contained(rows: Int64s, values: Int32s, other_rows: Int64s, others: Int32s, found: Bools) -> None:
    for row in range(len(rows) - 1):
        known = np.sort(others[other_rows[row] : other_rows[row + 1]])
        for place in range(rows[row], rows[row + 1]):
            at = np.searchsorted(known, values[place])
            found[place] = at < len(known) and known[at] == values[place]


@kernel(writes=2)
def _fill_unseen(
    starts: Int64s,
    stops: Int64s,
    codes: Int32s,
    seen: Int32s,
    seen_rows: Int64s,
    size: int,
    offsets: Int64s,
    places: Int64s,
) -> int:
    total = 0
    for row in range(len(starts)):
        known = np.sort(seen[seen_rows[row] : seen_rows[row + 1]])
        full = total + size
        for place in range(starts[row], stops[row]):
            if total == full:
                break
            at = np.searchsorted(known, codes[place])
            if codes[place] >= 0 and not (at < len(known) and known[at] == codes[place]):
                places[total] = place
                total += 1
        offsets[row + 1] = total
    return total
