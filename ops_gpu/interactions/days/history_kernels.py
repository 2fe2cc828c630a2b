"""Loops over the entries and events of users, compiled."""

from __future__ import annotations

import numpy as np

from ops_gpu.primitives.kernel import Float32s, Int32Matrix, Int32s, Int64s, kernel


@kernel(writes=2)
def meet_histories(
    pairs: Int64s,
    pair_item: Int32s,
    rows: Int64s,
    item: Int32s,
    count: Float32s,
    last: Int64s,
    pair_count: Float32s,
    pair_last: Int64s,
) -> None:
    """What each user had done with some items: a history may be long, and few of its items are asked for.

    Args:
        pairs: where the items of each row begin, `[rows + 1]`.
        pair_item: their codes, rising, each once a row.
        rows: where the entries of each row's history begin, `[rows + 1]`.
        item: codes `[entries]`, each once a row.
        count: interactions.
        last: epoch seconds.
        pair_count: written: interactions, `[pairs]`; zeroed.
        pair_last: written: the last of them; zeroed.
    """
    for row in range(len(rows) - 1):
        for entry in range(rows[row], rows[row + 1]):
            low, high = pairs[row], pairs[row + 1]
            while low < high:
                middle = (low + high) // 2
                if pair_item[middle] < item[entry]:
                    low = middle + 1
                else:
                    high = middle
            if low < pairs[row + 1] and pair_item[low] == item[entry]:
                pair_count[low], pair_last[low] = count[entry], last[entry]


@kernel(writes=6)
def follow_events(
    events: Int64s,
    event_pair: Int64s,
    event_time: Int64s,
    event_day: Int64s,
    pair_item: Int32s,
    rows: Int64s,
    item: Int32s,
    pair_count: Float32s,
    pair_last: Int64s,
    recent: Int32Matrix,
    own_count: Float32s,
    own_last: Int64s,
    user_items: Float32s,
) -> None:
    """What each user had done just before each of their events, and by the beginning of its day.

    Args:
        events: where the events of each row begin, `[rows + 1]`.
        event_pair: place of the event's item in `pair_item`, `[events]`; in each row by time, then by item.
        event_time: epoch seconds.
        event_day: days, rising with the time.
        pair_item: codes of the items of each row.
        rows: where the entries of each row's history begin, `[rows + 1]`: what was done before the first of the days.
        item: codes `[entries]`, the oldest last interaction first, each item once a row.
        pair_count: interactions before the first of the days (`meet_histories`), and afterwards before the last.
        pair_last: the last of them.
        recent: written: distinct items strictly before the event, latest first, `[events, length]`; zeroed.
        own_count: written: interactions with the item before the day, `[events]`.
        own_last: written: the last of them, epoch seconds; 0 for none.
        user_items: written: distinct items of the user before the day.
    """
    width = recent.shape[1]
    latest = np.zeros(width, np.int32)
    for row in range(len(events) - 1):
        known = rows[row + 1] - rows[row]
        filled = min(known, width)
        for place in range(filled):
            latest[place] = item[rows[row + 1] - 1 - place]
        told, seen = events[row], events[row]  # events before these are in `pair_count`, and in `latest`
        for event in range(events[row], events[row + 1]):
            while told < event and event_day[told] < event_day[event]:
                pair = event_pair[told]
                known += 1 if pair_count[pair] == 0 else 0
                pair_count[pair] += 1
                pair_last[pair] = max(pair_last[pair], event_time[told])
                told += 1
            while seen < event and event_time[seen] < event_time[event]:
                # those of one moment are in order of their items: the last to move to the front is the greatest
                new, place = pair_item[event_pair[seen]], 0
                while place < filled and latest[place] != new:
                    place += 1
                filled = min(max(filled, place + 1), width)
                for after in range(min(place, width - 1), 0, -1):
                    latest[after] = latest[after - 1]
                if width:
                    latest[0] = new
                seen += 1
            for place in range(filled):
                recent[event, place] = latest[place]
            pair = event_pair[event]
            own_count[event], own_last[event] = pair_count[pair], pair_last[pair]
            user_items[event] = known
