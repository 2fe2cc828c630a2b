"""A user's latest events as inputs of a request."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from serving.client.input_tensor import InputTensor
from serving.request.event import Event
from serving.request.event_columns import EVENT_ITEM, EVENT_POSITIVE, EVENT_TIME
from serving.request.id_encoding import Array, encode_ids
from serving.request.null_values import NULL_INTEGER
from serving.request.recommendation import Id
from serving.request.request import MAX_EVENTS, MAX_ID_BYTES
from serving.request.text_lists import pack_texts

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


def event_tensors(events: Sequence[Sequence[Event]], item_type: str) -> list[InputTensor]:
    """The three inputs, `[n, MAX_EVENTS]` (see `serving.request.text_lists` for strings); none where there is no event.

    Args:
        events: a sequence a user; those without a time have happened now.
        item_type: `INT64`, or `UINT8` where item ids are strings.

    Raises:
        ValueError: for an item id or a time that cannot be one, or too many events of a user.
    """
    there = _there(events)
    if not there.any():
        return []
    flat, now = [event for user in events for event in user], time.time()
    times = np.array([event.epoch_seconds(now) for event in flat], np.int64)
    signs = np.array([bool(event.positive) for event in flat], np.float32)
    item, when, positive = INPUTS
    return [
        InputTensor.of_array(item, _items(flat, there, item_type), item_type),
        InputTensor.of_array(when, _filled(times, there, 0), "INT64"),
        InputTensor.of_array(positive, _filled(signs, there, 0), "FP32"),
    ]


def _there(events: Sequence[Sequence[Event]]) -> npt.NDArray[np.bool_]:
    """Which places of `[n, MAX_EVENTS]` hold an event."""
    lengths = np.array([len(user) for user in events])
    if lengths.max(initial=0) > MAX_EVENTS:
        raise ValueError(f"There are {lengths.max()} events of a user; send the latest {MAX_EVENTS} at most.")
    return np.asarray(np.arange(MAX_EVENTS) < lengths[:, None])


def _items(events: Sequence[Event], there: npt.NDArray[np.bool_], item_type: str) -> Array:
    what = "The item id of an event"
    encoded = encode_ids([event.item_id for event in events], item_type, what)
    missing = encoded[:, 0] == (0 if item_type == "UINT8" else NULL_INTEGER)
    if missing.any():
        raise ValueError(f"{events[int(missing.argmax())]} has the id that stands for no item; leave it out.")
    if item_type != "UINT8":
        return _filled(encoded[:, 0], there, NULL_INTEGER)
    texts = iter(encoded.view(f"S{MAX_ID_BYTES}")[:, 0].tolist())
    return pack_texts([list(islice(texts, count)) for count in np.count_nonzero(there, axis=1)], what)


def _filled(values: Array, there: npt.NDArray[np.bool_], padding: int) -> Array:
    padded = np.full(there.shape, padding, values.dtype)
    padded[there] = values
    return padded


def _keys(ids: Iterable[Id], id_type: str) -> list[bytes]:
    """Ids as they travel, so that "7" and 7 are one user where ids are integers."""
    encoded = encode_ids(list(ids), id_type)
    return [row.tobytes().rstrip(b"\0") if id_type == "UINT8" else row.tobytes() for row in encoded]


def _checked(events: Sequence[Event]) -> list[Event]:
    for event in events if isinstance(events, Sequence) else [events]:
        if not isinstance(event, Event):
            raise ValueError(f"events must be of serving.Event, got {event!r}.")
    return list(events)
