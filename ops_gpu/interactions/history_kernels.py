"""Loops over the entries and events of users, compiled."""

from __future__ import annotations

import numpy as np

from ops_gpu.primitives.kernel import Float32s, Int32Matrix, Int32s, Int64s, kernel


@kernel(writes=5)
def fold_entries(
    rows: Int64s, item: Int32s, count: Float32s, last: Int64s, positive: Float32s, lengths: Int64s
) -> None:
    """Joins the entries of one item in each row to one, at the front of the row, the oldest last interaction first.

    Args:
        rows: where each row begins, `[rows + 1]`.
        item: codes `[entries]`; in place, as the next three.
        count: interactions, added up.
        last: epoch seconds, the latest counts; entries of one moment stand by rising item.
        positive: positive interactions, added up.
        lengths: entries left in each row, `[rows]`.
    """
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
            item[start + place], count[start + place] = items[old], counts[old]
            last[start + place], positive[start + place] = lasts[old], positives[old]
        lengths[row] = size


@kernel(writes=4)
def follow_events(
    events: Int64s,
    event_item: Int32s,
    event_time: Int64s,
    event_day: Int64s,
    rows: Int64s,
    item: Int32s,
    count: Float32s,
    last: Int64s,
    recent: Int32Matrix,
    own_count: Float32s,
    own_last: Int64s,
    user_items: Float32s,
) -> None:
    """What each user had done just before each of their events, and by the beginning of its day.

    Args:
        events: where the events of each row begin, `[rows + 1]`.
        event_item: codes `[events]`; in each row by time.
        event_time: epoch seconds.
        event_day: days, rising with the time.
        rows: where the entries of each row's history begin, `[rows + 1]`: what was done before the first of the days.
        item: codes `[entries]`, the oldest last interaction first, each item once a row.
        count: interactions.
        last: epoch seconds.
        recent: written: distinct items strictly before the event, latest first, `[events, length]`; zeroed.
        own_count: written: interactions with the item before the day, `[events]`.
        own_last: written: the last of them, epoch seconds; 0 for none.
        user_items: written: distinct items of the user before the day.
    """
    width = recent.shape[1]
    latest = np.zeros(width, np.int32)
    for row in range(len(events) - 1):
        begin, end = events[row], events[row + 1]
        if begin == end:
            continue
        old, older = rows[row + 1] - rows[row], rows[row]
        every = np.unique(np.concatenate((item[older : older + old], event_item[begin:end])))
        counts, lasts = np.zeros(len(every), np.float32), np.zeros(len(every), np.int64)
        for place in range(old):
            at = np.searchsorted(every, item[older + place])
            counts[at], lasts[at] = count[older + place], last[older + place]
        known, filled = old, min(old, width)
        for place in range(filled):
            latest[place] = item[older + old - 1 - place]
        told, seen = begin, begin  # events before these are in `counts`, and in `latest`
        for event in range(begin, end):
            while told < event and event_day[told] < event_day[event]:
                at = np.searchsorted(every, event_item[told])
                known += counts[at] == 0
                counts[at] += 1
                lasts[at] = max(lasts[at], event_time[told])
                told += 1
            if event_time[seen] < event_time[event]:
                # those of one moment are in order of their items: the last to move to the front is the greatest
                while seen < event:
                    place = 0
                    while place < filled and latest[place] != event_item[seen]:
                        place += 1
                    if place == filled:
                        filled = min(filled + 1, width)
                        place = filled - 1
                    for after in range(place, 0, -1):
                        latest[after] = latest[after - 1]
                    if width:
                        latest[0] = event_item[seen]
                    seen += 1
            recent[event, :filled] = latest[:filled]
            at = np.searchsorted(every, event_item[event])
            own_count[event], own_last[event] = counts[at], lasts[at]
            user_items[event] = known
