"""What every user did, one entry a distinct item: the seen-set, the counts and the order, in one structure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.interactions.events import Events
from ops_gpu.interactions.fold_entries import fold_entries, group_entries
from ops_gpu.primitives.kernel import Int32Matrix, Int32s, Int64s, kernel
from ops_gpu.primitives.ragged import Ragged

Floats = npt.NDArray[np.float32]

USERS_AT_ONCE, EVENTS_AT_ONCE = 512, 1_000_000  # bound the memory of candidates, and of histories


@dataclass(frozen=True)
class Histories:
    """The complete histories of a batch of users, each ordered by last interaction, oldest first.

    Args:
        items: item codes (int32), one entry a distinct item, ragged over users.
        count: float32 `[entries]`, interactions of the user with the item.
        last: int64 `[entries]`, epoch seconds of the last one.
        positive: float32 `[entries]`, how many of them were positive.
    """

    items: Ragged
    count: Floats
    last: npt.NDArray[np.int64]
    positive: Floats

    @classmethod
    def from_events(cls, events: Events, users: npt.NDArray[np.integer[Any]]) -> Histories:
        """Histories of these users from all given events.

        Args:
            events: interactions, positive or not; those of other users are passed over.
            users: distinct user codes `[n]`; row `i` is the history of `users[i]`, empty for one without events.
        """
        row_of = np.full(events.users, -1, np.int32)
        row_of[users] = np.arange(len(users), dtype=np.int32)
        row = row_of[events.user]
        mine = np.flatnonzero(row >= 0)
        positive = events.positive[mine].astype(np.float32)
        ones = np.ones(len(mine), np.float32)
        return cls.of_entries(row[mine], events.item[mine], ones, events.time[mine], positive, rows=len(users))

    @classmethod
    def of_entries(
        cls,
        row: npt.NDArray[np.integer[Any]],
        item: Int32s,
        count: Floats,
        last: npt.NDArray[np.int64],
        positive: Floats,
        rows: int,
    ) -> Histories:
        """Histories of entries in any order, of which those of one row and item are joined.

        Args:
            row: whose they are, `[entries]`.
            item: item codes.
            count: interactions, added up.
            last: epoch seconds, the latest counts.
            positive: positive interactions, added up.
            rows: number of histories.
        """
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(row, minlength=rows))])
        into = np.empty_like(item), np.empty_like(count), np.empty_like(last), np.empty_like(positive)
        group_entries(row.astype(np.int64, copy=False), item, count, last, positive, offsets[:-1].copy(), *into)
        item, count, last, positive = into
        lengths = np.zeros(rows, np.int64)
        fold_entries(offsets, item, count, last, positive, lengths)
        left = slice(int(lengths.sum()))
        return cls(Ragged.from_lengths(item[left], lengths), count[left], last[left], positive[left])

    @classmethod
    def in_blocks(cls, events: Events, users: npt.NDArray[np.integer[Any]]) -> Iterator[tuple[slice, Histories]]:
        """The same for `USERS_AT_ONCE` at a time: where they stand in `users`, and their histories.

        What is held are the histories of about `EVENTS_AT_ONCE` events, whatever the number of users; the events are
        gone through once for each so many.

        Args:
            events: as in `from_events`.
            users: as in `from_events`.
        """
        at_once = USERS_AT_ONCE
        counts = np.bincount(events.user, minlength=events.users)[users]
        upto, begin = np.cumsum(counts), 0
        while begin < len(users):
            limit = int(np.searchsorted(upto, upto[begin] - counts[begin] + EVENTS_AT_ONCE, side="right"))
            end = min(len(users), begin + max(1, (limit - begin) // at_once) * at_once)
            some, rows = cls.from_events(events, users[begin:end]), np.arange(end - begin)
            for start in range(0, end - begin, at_once):
                block = slice(begin + start, min(begin + start + at_once, end))
                yield block, some.take(rows[start : start + at_once])
            begin = end

    def __len__(self) -> int:
        return len(self.items)

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Histories:
        """The histories of the users at these rows (`[m]`), in this order."""
        places = self.items.places(rows)
        at = places.values
        items = places.with_values(self.items.values[at])
        return Histories(items, self.count[at], self.last[at], self.positive[at])

    def recent(self, length: int) -> npt.NDArray[np.int32]:
        """The last `length` items of each user, latest first, int32 `[n, length]`, padded with 0."""
        dense = np.zeros((len(self), length), np.int32)
        _recent(self.items.offsets, self.items.values, dense)
        return dense


@kernel(writes=1)
def _recent(rows: Int64s, items: Int32s, dense: Int32Matrix) -> None:
    for row in range(len(rows) - 1):
        for place in range(min(dense.shape[1], rows[row + 1] - rows[row])):
            dense[row, place] = items[rows[row + 1] - 1 - place]
