"""CandidateConfig: how many candidates come from where."""

from __future__ import annotations

from dataclasses import dataclass, field

from ops_gpu.interactions.item_state_config import SnapshotConfig
from ops_gpu.primitives.bounds import check_whole


@dataclass(frozen=True)
class CandidateConfig:
    """How many candidates each source brings; 0 switches a source off.

    Args:
        two_tower: nearest items by the two-tower model.
        popular: items popular now.
        history: the user's own items; only worth it where repeats are welcome.
        co_occurrence: items that go with what the user chose lately.
        repeats: whether items that the user has already interacted with may come back.
        snapshot: the decays and neighbours that the sources read.

    Raises:
        SettingError: when a size is out of bounds.
    """

    two_tower: int = 100
    popular: int = 100
    history: int = 0
    co_occurrence: int = 100
    repeats: bool = False
    snapshot: SnapshotConfig = field(default_factory=SnapshotConfig)

    def __post_init__(self) -> None:
        check_whole(self, 0, MOST_CANDIDATES, "two_tower", "popular", "history", "co_occurrence")


MOST_CANDIDATES = 10_000
