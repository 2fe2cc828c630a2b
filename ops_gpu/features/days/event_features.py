"""Features of events as they stood just before each event: the daily feature rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.features.days.encoded_days import NAMELESS
from ops_gpu.features.days.event_past import EventPast
from ops_gpu.features.days.moment_features import Columns, MomentFeatures
from ops_gpu.features.feature_table import FeatureTable
from ops_gpu.features.ranking_features import ItemFeatures
from ops_gpu.features.training_data import encode_ids
from ops_gpu.interactions.days.item_accumulator import ItemAccumulator
from ops_gpu.interactions.days.item_counts import ItemCounts
from ops_gpu.interactions.days.past_days import PastDays, read_day
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.utc_days import day_end, day_start
from ops_gpu.workflow.workflow import Workflow

EVENTS_AT_ONCE = 500_000
"""Days are made together up to so many events: bounds memory to some 500 MB, whatever the number of days."""


@dataclass(frozen=True)
class EventFeatures:
    """Makes feature rows of days, one row an event, from the day itself and the state at its beginning.

    The user's history ends strictly before the event; everything that is counted (popularity, rates, the user's own
    counts) stands as of the beginning of the day, so target statistics lag by a day. What a day costs depends on its
    events and on the histories of its users, and not on the days before it; days that follow each other are made
    together, and cost less.

    Args:
        past: all days, those that rows are made of among them.
        users: engineered features of users.
        items: engineered features of items.
        workflow: gives the codes of ids.
        history_length: items of a user that rows hold.
        moments: gives those columns that labels, counts and groups teach; None where there are none.
    """

    past: PastDays
    users: FeatureTable
    items: FeatureTable
    workflow: Workflow
    history_length: int
    moments: MomentFeatures | None = None

    def of(self, days: Sequence[date]) -> Iterator[tuple[date, pl.DataFrame]]:
        """The rows of some days.

        Args:
            days: each has a file in `past`.

        Yields:
            The day, in order, and `user_id` and `item_id` (codes), `unknown_user` and `unknown_item` (the ids of those
            without a code of their own, else null), `timestamp`, `label`, the engineered columns of user and item,
            `history` (List[Int32], latest first), item columns as of the day's beginning (popularity, rate, age) and
            the user's count and recency with the item.
        """
        for stretch in self.stretches(days):
            yield from self._rows({day: read_day(self.past.events[day]) for day in stretch})

    def stretches(self, days: Sequence[date]) -> list[list[date]]:
        """Days in order, as many together as there is room for, with no other day between them.

        Args:
            days: each has a file in `past`; its footer is read.
        """
        place = {day: number for number, day in enumerate(sorted(self.past.events))}
        stretches, events = list[list[date]](), 0
        for day in sorted(days):
            rows = int(pl.scan_parquet(self.past.events[day], glob=False).select(pl.len()).collect().item())
            apart = not stretches or place[day] != place[stretches[-1][-1]] + 1
            if apart or events + rows > EVENTS_AT_ONCE:
                stretches.append([])
                events = 0
            stretches[-1].append(day)
            events += rows
        return stretches

    def _rows(self, stretch: dict[date, pl.DataFrame]) -> Iterator[tuple[date, pl.DataFrame]]:
        first = min(stretch)
        counted = self.past.items_before(first, self._item_codes, self.items.size)
        events = self._encoded(pl.concat(list(stretch.values())))
        known = EventPast.of(events, self.past.users_before(first), self._item_codes, self.history_length)
        days = events["timestamp"].dt.date()
        taught = repeat(_nothing) if self.moments is None else self.moments.days(list(stretch))
        for (day, frame), columns in zip(stretch.items(), taught, strict=False):
            start, end = (int(days.search_sorted(day, side)) for side in ("left", "right"))
            rows = slice(start, end)
            part = events[rows]
            yield day, self._columns(part, known.rows(rows), counted, day, columns)
            counts = ItemCounts.count(frame, day_end(day), self.past.config)
            counted.advance(day_end(day))
            counted.add(counts, self._item_codes(counts.frame["item_id"]))

    def _item_codes(self, items: pl.Series) -> npt.NDArray[np.int32]:
        return encode_ids(items.rename("item_id"), self.workflow)

    def _encoded(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Events with codes, by time; the order of files and of rows in them never matters."""
        users, items = encode_ids(frame["user_id"], self.workflow), self._item_codes(frame["item_id"])
        return frame.select(
            pl.col("user_id").alias("user"),
            pl.Series("user_id", users),
            pl.Series("item_id", items),
            *(self._nameless(frame[key], codes) for key, codes in (("user_id", users), ("item_id", items))),
            pl.col("timestamp").dt.truncate("1s").cast(pl.Datetime("us")),
            pl.col("label").fill_null(False),
        ).sort("timestamp", "user_id", "item_id", "label")

    def _nameless(self, ids: pl.Series, codes: npt.NDArray[np.int32]) -> pl.Series:
        """The ids that have no code of their own: another workflow may know them."""
        known = pl.Series(codes >= self.workflow.first_code(ids.name))
        return ids.to_frame().select(pl.when(~known).then(pl.first())).to_series().alias(NAMELESS[ids.name])

    def _columns(
        self, events: pl.DataFrame, known: EventPast, counted: ItemAccumulator, day: date, taught: Columns
    ) -> pl.DataFrame:
        start = day_start(day)
        counted.advance(start)
        item, user = events["item_id"].to_numpy(), events["user_id"].to_numpy()
        columns = {name: events[name] for name in ("user_id", "item_id", *NAMELESS.values(), "timestamp", "label")}
        for name, values in {**self.users.take(user), **self.items.take(item), **taught(user, item)}.items():
            if name not in columns:
                columns[name] = _lists(values) if values.ndim == 2 else pl.Series(values)
        columns["history"] = _lists(known.recent)
        items = ItemFeatures.of(counted.item_state())
        columns |= {f"item_{name}": pl.Series(items.values[item, n]) for n, name in enumerate(items.names)}
        columns["user_items"] = pl.Series(known.user_items)
        columns["own_count"] = pl.Series(known.own_count)
        age = np.where(known.own_count > 0, (start - known.own_last) / DAY, np.nan)
        columns["own_days"] = pl.Series(age.astype(np.float32)).fill_nan(None)
        return pl.DataFrame(columns)


def _nothing(*_: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    return {}


def _lists(values: npt.NDArray[Any]) -> pl.Series:
    """A matrix `[rows, width]` as a list column, without the zeros that fill a row up on the right."""
    filled = values != 0
    lengths = np.where(filled.any(axis=1), values.shape[1] - filled[:, ::-1].argmax(axis=1), 0)
    frame = pl.DataFrame({"values": values, "length": lengths})
    lists = frame.select(pl.col("values").arr.to_list().list.head("length")).to_series()
    return lists.cast(pl.List(pl.Series(values.ravel()).dtype))  # Polars forgets the type where there is no row
