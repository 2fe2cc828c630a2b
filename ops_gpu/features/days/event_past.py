"""EventPast: what the user of each event had done, strictly before it and by the beginning of its day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.features.days.user_events import UserEvents
from ops_gpu.interactions.days.history_kernels import follow_events, meet_histories
from ops_gpu.interactions.days.user_histories import Encode, UserHistories
from ops_gpu.interactions.histories import Histories

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
        for part in UserEvents.of(events).parts(USERS_AT_ONCE):
            followed = cls._followed(part, before.of(part.users, encode), length)
            for name, values in vars(followed).items():
                getattr(found, name)[part.places] = values
        return found

    @classmethod
    def _followed(cls, part: UserEvents, history: Histories, length: int) -> EventPast:
        result = cls._empty(len(part.places), length)
        count, last = np.zeros(len(part.pair_item), np.float32), np.zeros(len(part.pair_item), np.int64)
        entries = history.items.offsets, history.items.values
        meet_histories(part.pairs, part.pair_item, *entries, history.count, history.last, count, last)
        follow_events(
            part.rows,
            part.pair,
            part.time,
            part.day,
            part.pair_item,
            *entries,
            count,
            last,
            result.recent,
            result.own_count,
            result.own_last,
            result.user_items,
        )
        return result

    @classmethod
    def _empty(cls, size: int, length: int) -> EventPast:
        ones, times = np.zeros((2, size), np.float32), np.zeros(size, np.int64)
        return cls(np.zeros((size, length), np.int32), ones[0], times, ones[1])

    def rows(self, rows: slice) -> EventPast:
        """Some of the events."""
        return EventPast(self.recent[rows], self.own_count[rows], self.own_last[rows], self.user_items[rows])
