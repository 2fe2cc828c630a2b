"""RequestMessage: what one call asks, and the requests that it becomes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from tritonclient.grpc import service_pb2

from serving.client.context import Context, checked_context, context_tensors
from serving.client.input_tensor import InputTensor
from serving.client.latest_events import INPUTS as EVENT_INPUTS
from serving.client.latest_events import event_tensors, events_of_users
from serving.client.model_description import ModelDescription
from serving.request.event import Event
from serving.request.recommendation import Id
from serving.request.request import MAX_ID_BYTES

Events = Sequence[Event] | Mapping[Id, Sequence[Event]]


class Part(NamedTuple):
    """One request of a call: for whom, under which id, and the message."""

    user_ids: list[Id]
    request_id: str
    message: Any


@dataclass(slots=True)
class RequestMessage:
    """The arguments of a call; see `RecommenderClient.recommend`."""

    user_ids: Id | Sequence[Id]
    k: int = 10
    seed: int | None = None
    context: Context | None = None
    events: Events | None = None
    request_id: str | None = None

    def parts(self, name: str, model: ModelDescription) -> list[Part]:
        """The requests, each for as many users as the model takes at once.

        Args:
            name: the recommender.
            model: its model.

        Raises:
            ValueError: for a value that the model cannot take; says which, and what it takes.
        """
        users = self._users()
        request_id, most = self._checked_id(), model.max_batch_size
        context = checked_context(self.context, len(users), model) if self.context else None
        events = _events(self.events, users, model) if self.events is not None else None
        parts = []
        for start in range(0, len(users), most):
            some = slice(start, start + most)
            tensors = self._tensors(users[some], model)
            if context is not None:
                tensors += context_tensors(context, some, len(users), model)
            if events is not None:
                tensors += event_tensors(events[some], model.inputs["event_item"])
            part_id = f"{request_id}-{start // most}" if len(users) > most else request_id
            parts.append(Part(users[some], part_id, _message(name, part_id, tensors)))
        return parts

    def _users(self) -> list[Id]:
        if isinstance(self.user_ids, (int, str, np.integer)):
            return [self.user_ids]
        try:
            return list(self.user_ids)
        except TypeError:
            raise ValueError(f"user_ids must be an id or several, got {self.user_ids!r}.") from None

    def _tensors(self, users: list[Id], model: ModelDescription) -> list[InputTensor]:
        tensors = [
            InputTensor.of_ids("user_id", users, model.inputs["user_id"]),
            InputTensor.of_value("k", self.k, len(users), "INT32"),
        ]
        if self.seed is not None and "seed" in model.inputs:
            tensors.append(InputTensor.of_value("seed", self.seed, len(users), model.inputs["seed"]))
        return tensors

    def _checked_id(self) -> str:
        if self.request_id is None:
            return os.urandom(16).hex()  # as unique as a UUID, at a quarter of its cost
        found = self.request_id
        if not isinstance(found, str) or not found.isprintable() or not 1 <= len(found.encode()) <= MAX_ID_BYTES:
            raise ValueError(f"request_id must be 1 to {MAX_ID_BYTES} printable bytes, got {found!r}.")
        return found


def _message(name: str, request_id: str, tensors: Sequence[InputTensor]) -> Any:
    message = service_pb2.ModelInferRequest(model_name=name, id=request_id)
    for tensor in tensors:
        tensor.add_to(message)
    return message


def _events(events: Events, users: list[Id], model: ModelDescription) -> list[list[Event]]:
    missing = [name for name in EVENT_INPUTS if name not in model.inputs]
    if missing:
        raise ValueError(
            f"This recommender takes no events with a request (its model has no input {missing[0]!r}); "
            f"deploy a release that does, or leave events out."
        )
    return events_of_users(events, users, model.inputs["user_id"])
