"""ModelStatus: a model that a server knows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelStatus:
    """A model that the server knows.

    Args:
        name: the model.
        ready: whether it answers.
        reason: why it does not.
    """

    name: str
    ready: bool
    reason: str
