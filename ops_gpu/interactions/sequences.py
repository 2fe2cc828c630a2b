"""What a user had done just before each of their events: sequences without a look ahead."""

from __future__ import annotations

from itertools import islice

import numpy as np
import numpy.typing as npt

from ops_gpu.interactions.events import Events


def histories_before(events: Events, length: int, since: int | None = None) -> npt.NDArray[np.int32]:
    """The last `length` distinct items of the event's user strictly before the event, latest first.

    Events of one user at one time do not see each other (the lines of one invoice are one act). The order is that
    of `Histories.recent`, which serves the query tower online.

    Args:
        events: all interactions, in time order.
        length: items kept.
        since: epoch seconds; rows before it are followed but not written, to save memory.

    Returns:
        int32 `[events at or after since, length]`, padded with 0.
    """
    start = 0 if since is None else int(np.searchsorted(events.time, since, "left"))
    result = np.zeros((len(events) - start, length), np.int32)
    order = np.lexsort((np.arange(len(events)), events.time, events.user))
    users, times, items = (column[order].tolist() for column in (events.user, events.time, events.item))
    targets = (order - start).tolist()
    seen: dict[int, None] = {}
    user, moment, waiting = -1, -1, list[int]()
    recent: list[int] = []
    for number, target in enumerate(targets):
        if users[number] != user:
            seen, user, moment, waiting, recent = {}, users[number], times[number], [], []
        elif times[number] != moment:
            for item in sorted(waiting):  # equal times: by code, as Histories breaks ties
                seen.pop(item, None)
                seen[item] = None
            moment, waiting = times[number], []
            recent = list(islice(reversed(seen), length))
        if target >= 0 and recent:
            result[target, : len(recent)] = recent
        waiting.append(items[number])
    return result
