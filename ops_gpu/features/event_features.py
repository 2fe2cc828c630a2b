"""Features of events as they stood just before each event: the daily feature rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.features.ranking_features import ItemFeatures
from ops_gpu.features.training_data import TrainingData
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.interactions.item_state_config import ItemStateConfig


def event_features(data: TrainingData, start: int, end: int, config: ItemStateConfig) -> pl.DataFrame:
    """Feature rows of the events in `[start, end)`, one row an event.

    The user's history ends strictly before the event; everything that is counted (popularity, rates, the user's own
    counts) stands as of `start`, the beginning of the day, so target statistics lag by a day.

    Args:
        data: events and features; events at or after `end` are not looked at.
        start: epoch seconds, midnight of the day.
        end: epoch seconds, exclusive.
        config: decays of popularity.

    Returns:
        `user_id` and `item_id` (codes), `timestamp`, `label`, the engineered columns of user and item, `history`
        (List[Int32], latest first), item columns as of `start` (popularity, rate, age) and the user's count and
        recency with the item.
    """
    day = data.events.between(start, end)
    first = int(np.searchsorted(data.events.time, start, "left"))
    rows = slice(first, first + len(day))
    profile = data.users.take(day.user) | data.items.take(day.item)
    columns = {
        "user_id": pl.Series(day.user),
        "item_id": pl.Series(day.item),
        "timestamp": pl.Series(day.time * 1_000_000).cast(pl.Datetime("us")),
        "label": pl.Series(day.positive),
    }
    for name, values in profile.items():
        if name not in columns:
            columns[name] = _lists(values) if values.ndim == 2 else pl.Series(values)
    columns["history"] = _lists(data.history[rows])
    return pl.DataFrame({**columns, **_lagged(data.events.before(start), day, start, config)})


def _lagged(past: Events, day: Events, as_of: int, config: ItemStateConfig) -> dict[str, pl.Series]:
    items = ItemFeatures.of(ItemState.of_counts(past, as_of, config))
    columns = {f"item_{name}": pl.Series(items.values[day.item, number]) for number, name in enumerate(items.names)}
    users, row = np.unique(day.user, return_inverse=True)
    histories = Histories.from_events(past, users)
    key = histories.items.row_ids * past.items + histories.items.values
    order = np.argsort(key)
    wanted = row.astype(np.int64) * past.items + day.item
    at = np.minimum(np.searchsorted(key[order], wanted), max(len(key) - 1, 0))
    found = key[order][at] == wanted if len(key) else np.zeros(len(day), np.bool_)
    count = np.where(found, histories.count[order][at], 0) if len(key) else np.zeros(len(day))
    age = (as_of - histories.last[order][at]) / DAY if len(key) else np.zeros(len(day))
    columns["user_items"] = pl.Series(histories.items.lengths[row].astype(np.float32))
    columns["own_count"] = pl.Series(count.astype(np.float32))
    columns["own_days"] = pl.Series(np.where(found, age, np.nan).astype(np.float32)).fill_nan(None)
    return columns


def _lists(values: npt.NDArray[Any]) -> pl.Series:
    """A matrix `[rows, width]` as a list column, without the zeros that fill a row up on the right."""
    filled = values != 0
    lengths = np.where(filled.any(axis=1), values.shape[1] - filled[:, ::-1].argmax(axis=1), 0)
    frame = pl.DataFrame({"values": values, "length": lengths})
    lists = frame.select(pl.col("values").arr.to_list().list.head("length")).to_series()
    return lists.cast(pl.List(pl.Series(values.ravel()).dtype))  # Polars forgets the type where there is no row
