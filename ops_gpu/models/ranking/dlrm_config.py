"""Settings of the ranker DLRM."""

from __future__ import annotations

from dataclasses import dataclass

from ops_gpu.models.ranking.network_ranker_config import NetworkRankerConfig
from ops_gpu.primitives.bounds import check_whole


@dataclass(frozen=True)
class DlrmConfig(NetworkRankerConfig):
    """How the network is built; see `NetworkRankerConfig` for its training.

    Args:
        dimension: width of the embeddings and of the bottom network's output.
        bottom: hidden widths over the continuous features.
        top: hidden widths over the interactions.

    Raises:
        SettingError: when a number is out of bounds.

    Example:
        >>> DlrmConfig(dimension=32, top=(128, 64)).top
        (128, 64)
    """

    dimension: int = 16
    bottom: tuple[int, ...] = (64,)
    top: tuple[int, ...] = (64, 32)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole(self, 1, 4096, "dimension")
        check_whole(self, 1, 65_536, "bottom", "top")
