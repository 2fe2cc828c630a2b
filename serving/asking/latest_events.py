"""A user's latest events as inputs of a request."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from serving.asking.tensor import Tensor
from serving.event import Event
from serving.null_values import NULL_INTEGER
from serving.recommendation import Id
from serving.request_events import EVENT_ITEM, EVENT_POSITIVE, EVENT_TIME
from serving.wire import Array, encode_ids

INPUTS = (EVENT_ITEM, EVENT_TIME, EVENT_POSITIVE)


def events_of_users(
    events: Sequence[Event] | Mapping[Id, Sequence[Event]], user_ids: Sequence[Id], id_type: str
) -> list[list[Event]]:
    """The events of each user asked for, in order.

    Args:
        events: of the only user, or by user id.
        user_ids: whom the call asks for.
        id_type: `INT64`, where "7" and 7 are one user, or `UINT8`.

    Raises:
        ValueError: for a sequence with several users, events of a user who is not asked for, or what is no
            `Event`.
    """
    if not isinstance(events, Mapping):
        if len(user_ids) != 1:
            raise ValueError(f"events of {len(user_ids)} users must be a mapping from user id to events.")
        events = {user_ids[0]: events}
    keys = dict(zip(_keys(events, id_type), events.values(), strict=True))
    users = _keys(user_ids, id_type)
    for key, user in zip(keys, events, strict=True):
        if key not in users:
            raise ValueError(f"There are events of user {user!r}, who is not asked for; name the user in user_ids.")
    return [_checked(keys.get(user, ())) for user in users]


def event_tensors(events: Sequence[Sequence[Event]], item_type: str) -> list[Tensor]:
    """The three inputs, `[n, m]` for n users and at most m events each; none where there is no event.

    Args:
        events: a sequence a user; those without a time have happened now.
        item_type: `INT64`, or `UINT8` where item ids are strings.

    Raises:
        ValueError: for an item id or a time that cannot be one.
    """
    there = _there(events)
    if not there.any():
        return []
    flat, now = [event for user in events for event in user], time.time()
    times = np.array([event.epoch_seconds(now) for event in flat], np.int64)
    signs = np.array([bool(event.positive) for event in flat], np.float32)
    item, when, positive = INPUTS
    return [
        Tensor.of_array(item, _items(flat, there, item_type), item_type),
        Tensor.of_array(when, _filled(times, there, 0), "INT64"),
        Tensor.of_array(positive, _filled(signs, there, 0), "FP32"),
    ]


def _there(events: Sequence[Sequence[Event]]) -> npt.NDArray[np.bool_]:
    """Which places of `[n, m]` hold an event."""
    lengths = np.array([len(user) for user in events])
    return np.asarray(np.arange(lengths.max(initial=0)) < lengths[:, None])


def _items(events: Sequence[Event], there: npt.NDArray[np.bool_], item_type: str) -> Array:
    encoded = encode_ids([event.item_id for event in events], item_type, "The item id of an event")
    if item_type == "UINT8":
        missing = ~encoded.any(axis=1)
        padded = _filled(encoded, there, 0)
    else:
        missing = encoded[:, 0] == NULL_INTEGER
        padded = _filled(encoded[:, 0], there, NULL_INTEGER)
    if missing.any():
        raise ValueError(f"{events[int(missing.argmax())]} has the id that stands for no item; leave it out.")
    return padded


def _filled(values: Array, there: npt.NDArray[np.bool_], padding: int) -> Array:
    padded = np.full((*there.shape, *values.shape[1:]), padding, values.dtype)
    padded[there] = values
    return padded


def _keys(ids: Iterable[Id], id_type: str) -> list[bytes]:
    """Ids as they travel, so that "7" and 7 are one user where ids are integers."""
    encoded = encode_ids(list(ids), id_type)
    return [row.tobytes().rstrip(b"\0") if id_type == "UINT8" else row.tobytes() for row in encoded]


def _checked(events: Sequence[Event]) -> list[Event]:
    for event in events if isinstance(events, Sequence) else [events]:
        if not isinstance(event, Event):
            raise ValueError(f"events must be of serving.event.Event, got {event!r}.")
    return list(events)
