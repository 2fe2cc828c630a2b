"""Settings: how the live release orders its lists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ServingConfig:
    """What happens after scoring.

    Args:
        temperature: 0 gives the best items in order; above, lists are drawn at random, better items first
            more often, so that others get a chance to be seen.

    Raises:
        ValueError: when the temperature is negative.
    """

    temperature: float = 0.0

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise ValueError(f"temperature is {self.temperature}, expected 0 (exact order) or more.")
