"""EventPast: what the user of each event had done, strictly before it and by the beginning of its day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.interactions.history_kernels import follow_events
from ops_gpu.interactions.user_histories import Encode, UserHistories

USERS_AT_ONCE = 16_384
"""Bounds the memory of the histories that are held at once."""


@dataclass(frozen=True)
class EventPast:
    """A row an event.

    Args:
        recent: int32 `[events, length]`, distinct items strictly before the event, latest first, padded with 0. Events
            of one user at one moment do not see each other: the lines of one invoice are one act.
        own_count: float32 `[events]`, interactions of the user with the item before the day.
        own_last: int64 `[events]`, the last of them in epoch seconds; 0 for none.
        user_items: float32 `[events]`, distinct items of the user before the day.
    """

    recent: npt.NDArray[np.int32]
    own_count: npt.NDArray[np.float32]
    own_last: npt.NDArray[np.int64]
    user_items: npt.NDArray[np.float32]

    @classmethod
    def of(cls, events: pl.DataFrame, before: UserHistories, encode: Encode, length: int) -> EventPast:
        """Follows the users of some days.

        Args:
            events: `user` (ids), `item_id` (codes) and `timestamp`, by time and then item.
            before: histories at the beginning of the first day.
            encode: gives the codes of items.
            length: items of a user that are kept.
        """
        found = cls._empty(events.height, length)
        users = events["user"].unique().sort()
        every = users.to_frame("user").with_row_index("row")
        row = events.select("user").join(every, on="user", how="left", maintain_order="left")["row"].to_numpy()
        order = np.argsort(row, kind="stable")
        bounds = np.searchsorted(row[order], np.arange(len(users) + 1))
        item, time = events["item_id"].to_numpy()[order], events["timestamp"].dt.epoch("s").to_numpy()[order]
        day = events["timestamp"].dt.epoch("d").cast(pl.Int64).to_numpy()[order]
        for start in range(0, len(users), USERS_AT_ONCE):
            stop = min(start + USERS_AT_ONCE, len(users))
            rows = slice(bounds[start], bounds[stop])
            history = before.of(users[start:stop], encode)
            part = cls._empty(rows.stop - rows.start, length)
            follow_events(
                bounds[start : stop + 1] - bounds[start],
                item[rows],
                time[rows],
                day[rows],
                history.items.offsets,
                history.items.values,
                history.count,
                history.last,
                part.recent,
                part.own_count,
                part.own_last,
                part.user_items,
            )
            for name, values in vars(part).items():
                getattr(found, name)[order[rows]] = values
        return found

    @classmethod
    def _empty(cls, size: int, length: int) -> EventPast:
        ones, times = np.zeros((2, size), np.float32), np.zeros(size, np.int64)
        return cls(np.zeros((size, length), np.int32), ones[0], times, ones[1])

    def rows(self, rows: slice) -> EventPast:
        """Some of the events."""
        return EventPast(self.recent[rows], self.own_count[rows], self.own_last[rows], self.user_items[rows])
