"""Small random interactions, and plain-Python readings of them to compare with."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ops_gpu.features.feature_table import FIRST_CODE
from ops_gpu.interactions.events import DAY, Events

USERS, ITEMS = 10, 24  # codes, the three special ones among them
Row = tuple[int, int, int, bool]  # user, item, time, positive


def toy_events(
    seed: int = 0, count: int = 300, days: int = 20, step: int = 3600, users: int = USERS, items: int = ITEMS
) -> Events:
    """Random events of user codes 3 to `users - 1`; the last user and the last two items have none.

    Args:
        seed: of everything random.
        count: number of events; with few users and items many of them are repeats.
        days: time span from second 0 on.
        step: times are multiples of it, in seconds: a long one brings equal times.
        users: number of user codes.
        items: number of item codes.
    """
    random = np.random.default_rng(seed)
    user = random.integers(FIRST_CODE, users - 1, count).astype(np.int32)
    item = (FIRST_CODE + random.zipf(1.3, count) % (items - 2 - FIRST_CODE)).astype(np.int32)
    time = random.integers(0, days * DAY // step, count) * step
    return Events.sorted(user, item, time, random.random(count) < 0.7, users, items)


def events_of(rows: list[Row], users: int = USERS, items: int = ITEMS) -> Events:
    """Events from plain rows, in any order."""
    user, item, time, positive = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Events.sorted(
        np.array(user, np.int32),
        np.array(item, np.int32),
        np.array(time, np.int64),
        np.array(positive, np.bool_),
        users,
        items,
    )


def rows_of(events: Events) -> list[Row]:
    """Events as plain rows."""
    columns = (events.user.tolist(), events.item.tolist(), events.time.tolist(), events.positive.tolist())
    return list(zip(*columns, strict=True))


def logs(max_size: int = 40) -> st.SearchStrategy[Events]:
    """Logs of few users, items and moments: repeats and equal times are frequent."""
    row = st.tuples(st.integers(3, 6), st.integers(3, 9), st.integers(0, 12), st.booleans())
    return st.lists(row, max_size=max_size).map(events_of)


def everyone(events: Events) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """All user codes but the special ones."""
    return np.arange(FIRST_CODE, events.users)
