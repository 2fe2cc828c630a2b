"""Entries of histories that are put together by row and joined to one an item, compiled."""

from __future__ import annotations

import numpy as np

from ops_gpu.primitives.kernel import Float32s, Int32s, Int64s, kernel


@kernel(writes=5)
def group_entries(
    row: Int64s,
    item: Int32s,
    count: Float32s,
    last: Int64s,
    positive: Float32s,
    begins: Int64s,
    to_item: Int32s,
    to_count: Float32s,
    to_last: Int64s,
    to_positive: Float32s,
) -> None:
    """Puts the entries of each row together, in the order in which they come.

    Args:
        row: of each entry, `[entries]`.
        item: codes, as the next three.
        count: interactions.
        last: epoch seconds.
        positive: positive interactions.
        begins: where the next entry of each row goes, `[rows]`; moves on.
        to_item: written, as the next three, `[entries]`.
        to_count: of `count`.
        to_last: of `last`.
        to_positive: of `positive`.
    """
    for entry in range(len(row)):
        place = begins[row[entry]]
        begins[row[entry]] = place + 1
        to_item[place], to_count[place] = item[entry], count[entry]
        to_last[place], to_positive[place] = last[entry], positive[entry]


@kernel(writes=5)
def fold_entries(
    rows: Int64s, item: Int32s, count: Float32s, last: Int64s, positive: Float32s, lengths: Int64s
) -> None:
    """Joins the entries of one item in each row to one, the oldest last interaction first; all move to the front.

    Args:
        rows: where each row begins, `[rows + 1]`.
        item: codes `[entries]`; in place, as the next three.
        count: interactions, added up.
        last: epoch seconds, the latest counts; entries of one moment stand by rising item.
        positive: positive interactions, added up.
        lengths: entries left in each row, `[rows]`, one row behind the other.
    """
    front = 0
    for row in range(len(rows) - 1):
        start, end = rows[row], rows[row + 1]
        order = np.argsort(item[start:end], kind="mergesort")
        items, counts = item[start:end][order], count[start:end][order]
        lasts, positives = last[start:end][order], positive[start:end][order]
        size = 0
        for place in range(end - start):
            if size and items[size - 1] == items[place]:
                counts[size - 1] += counts[place]
                lasts[size - 1] = max(lasts[size - 1], lasts[place])
                positives[size - 1] += positives[place]
            else:
                items[size], counts[size] = items[place], counts[place]
                lasts[size], positives[size] = lasts[place], positives[place]
                size += 1
        by_time = np.argsort(lasts[:size], kind="mergesort")
        for place in range(size):
            old = by_time[place]
            item[front + place], count[front + place] = items[old], counts[old]
            last[front + place], positive[front + place] = lasts[old], positives[old]
        lengths[row] = size
        front += size
