"""Settings of the item state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SnapshotConfig:
    """Decays and sizes of what is kept of every item.

    Args:
        half_lives_days: decays at which popularity is a ranking feature.
        popular_half_life_days: the decay by which the popular source ranks.
        neighbours: similar items kept for each item.
        co_occurrence_history: last liked items of a user that count for co-occurrence.
    """

    half_lives_days: tuple[float, ...] = (1.0, 3.0, 7.0, 28.0)
    popular_half_life_days: float = 7.0
    neighbours: int = 50
    co_occurrence_history: int = 200
