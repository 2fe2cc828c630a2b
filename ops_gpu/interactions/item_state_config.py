"""Settings of the item state."""

from __future__ import annotations

from dataclasses import dataclass

from ops_gpu.primitives.bounds import check_number, check_whole


@dataclass(frozen=True)
class ItemStateConfig:
    """Decays and sizes of what is kept of every item.

    Args:
        half_lives_days: decays at which popularity is a ranking feature.
        popular_half_life_days: the decay by which the popular source ranks.
        neighbours: similar items kept for each item.
        co_occurrence_history: last liked items of a user that count for co-occurrence.

    Raises:
        SettingError: when a number is out of bounds.
    """

    half_lives_days: tuple[float, ...] = (1.0, 3.0, 7.0, 28.0)
    popular_half_life_days: float = 7.0
    neighbours: int = 50
    co_occurrence_history: int = 200

    def __post_init__(self) -> None:
        check_number(self, 0.01, 36_500.0, "half_lives_days", "popular_half_life_days")
        check_whole(self, 0, 1000, "neighbours")
        check_whole(self, 1, 10_000, "co_occurrence_history")
