"""Settings of item-kNN as a retrieval model."""

from __future__ import annotations

from dataclasses import dataclass

from ops_gpu.models.model_config import RetrieverConfig
from ops_gpu.primitives.bounds import check_whole


@dataclass(frozen=True)
class ItemKnnConfig(RetrieverConfig):
    """How similar items are found.

    Args:
        neighbours: similar items kept for each item.

    Raises:
        SettingError: when a number is out of bounds.

    Example:
        >>> ItemKnnConfig(neighbours=50).neighbours
        50
    """

    neighbours: int = 20

    def __post_init__(self) -> None:
        check_whole(self, 1, 1000, "neighbours")
