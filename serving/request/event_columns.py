"""Events that come with a request: what the user did so lately that no log knows it yet."""

from __future__ import annotations

import time

import numpy as np

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from serving.request.columns import Columns, array
from serving.request.event import LATEST
from serving.request.null_values import NULL_INTEGER, is_null

EVENT_ITEM, EVENT_TIME, EVENT_POSITIVE = "event_item", "event_time", "event_positive"


def event_columns(item_id_dtype: str) -> Schema:
    """The three optional columns `[n, m]` of a request: items (raw ids), epoch seconds, and 1 for a success."""
    nothing = "" if item_id_dtype == "string" else NULL_INTEGER
    return Schema(
        [
            _several(ColumnSchema(EVENT_ITEM, item_id_dtype), nothing),
            _several(ColumnSchema(EVENT_TIME, "int64", domain=Domain(0, LATEST)), 0),
            _several(ColumnSchema(EVENT_POSITIVE, "float32", domain=Domain(0, 1)), 0.0),
        ]
    )


def with_moments(columns: Columns) -> Columns:
    """Events without a time happen now, and those of which nothing more is said were successes.

    The lists become no longer than the longest needs: a request fills them up to one length.

    Raises:
        ValueError: when there are not as many times (or successes) as items.
    """
    items = array(columns, EVENT_ITEM)
    said = {EVENT_TIME: int(time.time()), EVENT_POSITIVE: 1.0}
    if not any(array(columns, name).shape[1] for name in (EVENT_ITEM, *said)):
        return columns
    result = dict(columns)
    for name, value in said.items():
        column = array(columns, name)
        if column.shape[1] == 0:
            result[name] = np.full(items.shape, value, column.dtype)
        elif column.shape != items.shape:
            raise ValueError(
                f"A request has {items.shape[1]} values of {EVENT_ITEM!r} and {column.shape[1]} of {name!r} a user; "
                f"send as many of both."
            )
    used = np.flatnonzero(~is_null(items).all(axis=0))
    most = int(used[-1]) + 1 if len(used) else 0
    # Copies: a view would hold the memory of the whole request until it is logged.
    return {**result, **{name: array(result, name)[:, :most].copy() for name in (EVENT_ITEM, *said)}}


def without_padding(columns: Columns) -> Columns:
    """The same with the events of each user as lists, without what only fills up a batch.

    Args:
        columns: with or without the three of events.
    """
    items = columns.get(EVENT_ITEM)
    if not isinstance(items, np.ndarray):
        return dict(columns)
    given = ~is_null(items)
    lengths = np.count_nonzero(given, axis=1)
    lists = {
        name: Ragged.from_lengths(array(columns, name)[given], lengths)
        for name in (EVENT_ITEM, EVENT_TIME, EVENT_POSITIVE)
    }
    return {**columns, **lists}


def _several(column: ColumnSchema, pad: float | str) -> ColumnSchema:
    """An input column of several values a user, often none; `pad` stands behind the last."""
    return column.with_properties({"default": pad, "padded": True})
