"""What else an application says of a request: further inputs by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from serving.client.input_tensor import InputTensor
from serving.client.latest_events import INPUTS as EVENT_INPUTS
from serving.client.model_description import ModelDescription
from serving.rules.condition import CONTEXT

Context = Mapping[str, Any]
"""Values by name: one for all users, or a sequence with one a user."""
ARGUMENTS = ("user_id", "k", "seed", *EVENT_INPUTS)
"""Inputs that have an argument of their own."""


def checked_context(context: Context, users: int, model: ModelDescription) -> Context:
    """The context by the names of the model's inputs, if it has such.

    Args:
        context: values by name.
        users: in the whole call.
        model: the recommender's model.

    Raises:
        ValueError: for what is no mapping, an unknown name, one that has an argument of its own, or another number of
            values.
    """
    if not isinstance(context, Mapping):
        raise ValueError(f"context must be a mapping from names to values, got {context!r}.")
    return {input_of(name, model): _counted(name, value, users) for name, value in context.items()}


def input_of(name: str, model: ModelDescription) -> str:
    """The input of the model that a name of the context means.

    Raises:
        ValueError: when the model has none of this name, or it has an argument of its own.
    """
    if name in ARGUMENTS:
        raise ValueError(f"{name!r} has an argument of its own; leave it out of the context.")
    found = next((full for full in (name, CONTEXT + name) if full in model.inputs), None)
    if found is None:
        others = sorted(other.removeprefix(CONTEXT) for other in set(model.inputs) - set(ARGUMENTS))
        raise ValueError(f"This recommender takes no {name!r} in the context, but {', '.join(others) or 'no context'}.")
    return found


def _counted(name: str, value: Any, users: int) -> Any:
    if _is_many(value) and len(value) != users:
        raise ValueError(f"{name!r} has {len(value)} values for {users} users; give one, or one a user.")
    return value


def context_tensors(context: Context, some: slice, users: int, model: ModelDescription) -> list[InputTensor]:
    """The inputs of some of the users.

    Args:
        context: checked.
        some: which of the users.
        users: in the whole call.
        model: the recommender's model.

    Raises:
        ValueError: for a value of another type; names it.
    """
    rows = len(range(users)[some])
    return [
        InputTensor.of_values(name, value[some], model.inputs[name])
        if _is_many(value)
        else InputTensor.of_value(name, value, rows, model.inputs[name])
        for name, value in context.items()
    ]


def _is_many(value: Any) -> bool:
    return isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, (str, bytes))
