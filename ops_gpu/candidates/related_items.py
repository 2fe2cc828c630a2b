"""RelatedItems: where the items that a user chose lead to, by a table of weights from item to item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import SourceList, top_of_rows
from ops_gpu.candidates.unseen import first_unseen
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_codes import check_codes
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.primitives.kernel import Float32Matrix, Float32s, Int32Matrix, Int32s, Int64s, kernel
from ops_gpu.primitives.ragged import Ragged


@dataclass(frozen=True)
class RelatedItems:
    """Summed weight of every item that any of a user's items leads to.

    Args:
        items: int32 item codes, rising, ragged over users.
        score: float32 `[total]`.
    """

    items: Ragged
    score: npt.NDArray[np.float32]

    @classmethod
    def of(
        cls,
        neighbours: npt.NDArray[np.int32],
        weights: npt.NDArray[np.float32],
        histories: Histories,
        as_of: int,
        length: int,
        half_life_days: float,
        *,
        counted: bool = False,
    ) -> RelatedItems:
        """Adds up what each user's last `length` liked items lead to, later ones weighing more.

        Args:
            neighbours: int32 `[items, m]`, codes that each item leads to.
            weights: float32 `[items, m]`, how strongly; 0 and less for none.
            histories: complete histories, a row a user.
            as_of: epoch seconds, what time it is.
            length: liked items of a user that count.
            half_life_days: age at which an item of the user weighs half; infinity for never. Who stayed away for long
                gets the same order of candidates with lower scores.
            counted: whether an item weighs as often as the user liked it, instead of once.
        """
        check_codes(histories.items.values, len(neighbours))
        offsets = np.zeros_like(histories.items.offsets)
        items, score = _summed(
            histories.items.offsets,
            histories.items.values,
            histories.positive,
            histories.last,
            neighbours,
            weights,
            as_of,
            length,
            half_life_days * DAY,
            float(counted),
            offsets,
        )
        return cls(Ragged(items, offsets), score)

    def score_of(self, lists: Ragged) -> npt.NDArray[np.float32]:
        """Scores of items, float32 `[total]`; 0 for those that nothing leads to.

        Args:
            lists: int32 item codes, a row a user.
        """
        found = np.zeros(len(lists.values), np.float32)
        _looked_up(lists.offsets, lists.values, self.items.offsets, self.items.values, self.score, found)
        return found

    def retrieve(self, item_state: ItemState, histories: Histories, size: int, repeats: bool) -> SourceList:
        """The best available items of each user.

        Args:
            item_state: says what may be offered.
            histories: those that the scores were computed from.
            size: candidates a user.
            repeats: whether seen items may come back.
        """
        codes = np.where(item_state.available[self.items.values], self.items.values, np.int32(-1))
        places = first_unseen(self.items.with_values(codes), None if repeats else histories.items, len(codes))
        items = places.with_values(self.items.values[places.values])
        return top_of_rows(items, self.score[places.values], size)


@kernel(writes=1)
def _summed(
    rows: Int64s,
    history: Int32s,
    positive: Float32s,
    last: Int64s,
    neighbours: Int32Matrix,
    similarity: Float32Matrix,
    as_of: int,
    length: int,
    half_life: float,
    power: float,
    offsets: Int64s,
) -> tuple[Int32s, Float32s]:
    """One cell an item, and a bit that says whether it is in use: reading the bits in order sorts the items."""
    codes = len(neighbours)
    sums, used = np.empty(codes, np.float64), np.zeros((codes + 63) // 64, np.uint64)
    items, score = np.empty(4096, np.int32), np.empty(4096, np.float32)
    total = 0
    for row in range(len(rows) - 1):
        taken, first = 0, rows[row + 1]
        while first > rows[row] and taken < length:
            first -= 1
            taken += positive[first] > 0
        touched = 0
        for place in range(first, rows[row + 1]):
            if positive[place] <= 0:
                continue
            weight = np.float32(0.5 ** (max(as_of - last[place], 0) / half_life) * positive[place] ** power)
            for at in range(neighbours.shape[1]):
                added = similarity[history[place], at] * weight
                if added <= 0:
                    continue
                code = neighbours[history[place], at]
                bit = np.uint64(1) << np.uint64(code & 63)
                if used[code >> 6] & bit:
                    sums[code] += added
                else:
                    used[code >> 6] |= bit
                    sums[code] = added
                    touched += 1
        if total + touched > len(items):
            items = np.concatenate((items, np.empty(len(items) + touched, np.int32)))
            score = np.concatenate((score, np.empty(len(score) + touched, np.float32)))
        for word in range(len(used)):
            if not used[word]:
                continue
            for place in range(64):
                if used[word] >> np.uint64(place) & np.uint64(1):
                    items[total] = (word << 6) + place
                    score[total] = sums[(word << 6) + place]
                    total += 1
            used[word] = 0
        offsets[row + 1] = total
    return items[:total].copy(), score[:total].copy()


@kernel(writes=1)
def _looked_up(
    rows: Int64s, codes: Int32s, other_rows: Int64s, others: Int32s, score: Float32s, found: Float32s
) -> None:
    for row in range(len(rows) - 1):
        mine = others[other_rows[row] : other_rows[row + 1]]
        for place in range(rows[row], rows[row + 1]):
            at = np.searchsorted(mine, codes[place])
            if at < len(mine) and mine[at] == codes[place]:
                found[place] = score[other_rows[row] + at]
