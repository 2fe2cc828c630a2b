"""Settings: what a new release does to a rollout that is going on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class RolloutConfig:
    """What happens when a release is built while another one is being tried beside the live one.

    Args:
        on_new_release: `wait`: the rollout goes on until a person decides it, and the newest release waits; `end`: the
            rollout ends, and the new release goes live.
    """

    on_new_release: Literal["wait", "end"] = "wait"
