"""UserEvents: events of some days by user, as kernels follow them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.interactions.days.history_run import user_keys

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class UserEvents:
    """Events grouped by user, each user's by time and then item.

    Args:
        users: their ids, in the order in which histories are found fastest.
        places: int64 `[events]`, where each event stood before it was grouped.
        rows: int64 `[users + 1]`, where the events of each user begin.
        time: int64 `[events]`, epoch seconds.
        day: int64 `[events]`, days since 1970-01-01.
        pair: int64 `[events]`, place of the event's item in `pair_item`.
        pairs: int64 `[users + 1]`, where the items of each user begin.
        pair_item: int32, codes of the items that each user has events with, rising.
    """

    users: pl.Series
    places: Int64s
    rows: Int64s
    time: Int64s
    day: Int64s
    pair: Int64s
    pairs: Int64s
    pair_item: npt.NDArray[np.int32]

    @classmethod
    def of(cls, events: pl.DataFrame) -> UserEvents:
        """Groups events: `user` (ids), `item_id` (codes) and `timestamp`, by time and then item."""
        users = events["user"].unique()
        users = users[np.argsort(user_keys(users))]
        every = users.to_frame("user").with_row_index("row")
        row = events.select("user").join(every, on="user", how="left", maintain_order="left")["row"].to_numpy()
        places = np.argsort(row, kind="stable")
        row, bounds = row[places].astype(np.int64), np.arange(len(users) + 1)
        pairs, pair = np.unique(row << 32 | events["item_id"].to_numpy()[places], return_inverse=True)
        return cls(
            users,
            places,
            np.searchsorted(row, bounds),
            events["timestamp"].dt.epoch("s").to_numpy()[places],
            events["timestamp"].dt.epoch("d").cast(pl.Int64).to_numpy()[places],
            pair,
            np.searchsorted(pairs >> 32, bounds),
            (pairs & 0xFFFFFFFF).astype(np.int32),
        )

    def parts(self, users: int) -> Iterator[UserEvents]:
        """The same, so many users at a time."""
        for start in range(0, len(self.users), users):
            stop = min(start + users, len(self.users))
            mine = slice(self.rows[start], self.rows[stop])
            items = slice(self.pairs[start], self.pairs[stop])
            yield UserEvents(
                self.users[start:stop],
                self.places[mine],
                self.rows[start : stop + 1] - mine.start,
                self.time[mine],
                self.day[mine],
                self.pair[mine] - items.start,
                self.pairs[start : stop + 1] - items.start,
                self.pair_item[items],
            )
