"""What every user did, one entry a distinct item: the seen-set, the counts and the order, in one structure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.events import Events
from ops_gpu.ragged import Ragged

Floats = npt.NDArray[np.float32]


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
        row_of = np.full(events.users, -1, np.int64)
        row_of[users] = np.arange(len(users))
        row = row_of[events.user]
        mine = row >= 0
        key = row[mine] * events.items + events.item[mine]
        pair, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
        last = np.zeros(len(pair), np.int64)
        last[inverse] = events.time[mine]  # in time order: the last write is the latest event
        positive = np.bincount(inverse, weights=events.positive[mine], minlength=len(pair))
        rows, item = np.divmod(pair, events.items)
        order = np.lexsort((item, last, rows))
        items = Ragged.from_lengths(item[order].astype(np.int32), np.bincount(rows, minlength=len(users)))
        return cls(items, count[order].astype(np.float32), last[order], positive[order].astype(np.float32))

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
        tail = self.items.tail(length)
        position = np.arange(len(tail.values)) - tail.offsets[tail.row_ids]
        dense = np.zeros((len(tail), length), np.int32)
        dense[tail.row_ids, np.repeat(tail.lengths, tail.lengths) - 1 - position] = tail.values
        return dense

    def contain(
        self, row: npt.NDArray[np.int64], item: npt.NDArray[np.integer[Any]], items: int
    ) -> npt.NDArray[np.bool_]:
        """Whether the user in each row has interacted with the item.

        Args:
            row: user rows, int64 `[pairs]`.
            item: item codes `[pairs]`.
            items: number of item codes.

        Returns:
            bool `[pairs]`.
        """
        if len(self.items.values) == 0:
            return np.zeros(len(row), np.bool_)
        known = np.sort(self.keys(items))
        wanted = row * items + item
        # `searchsorted` in what is sorted anyway; numpy's `isin` costs three times as much on one user.
        found: npt.NDArray[np.bool_] = known[np.minimum(known.searchsorted(wanted), len(known) - 1)] == wanted
        return found

    def keys(self, items: int) -> npt.NDArray[np.int64]:
        """`row * items + item` of every entry, int64 `[entries]`: pairs as one sortable number."""
        return self.items.row_ids * items + self.items.values
