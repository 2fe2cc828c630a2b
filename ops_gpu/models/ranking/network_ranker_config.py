"""What the settings of all rankers that are networks have in common."""

from __future__ import annotations

from dataclasses import dataclass

from ops_gpu.models.model_config import RankerConfig
from ops_gpu.primitives.bounds import check_number, check_whole


@dataclass(frozen=True)
class NetworkRankerConfig(RankerConfig):
    """How a network is trained on lists; see `RankerConfig` for the lists.

    Args:
        id_embeddings: whether the user's and the item's own ids are features of the ranker.
        epochs: passes over the lists of a full fit.
        continue_epochs: passes over new lists when a fitted ranker is continued.
        batch_lists: lists a batch.
        learning_rate: of Adam.

    Raises:
        SettingError: when a number is out of bounds.
    """

    id_embeddings: bool = False
    epochs: int = 5
    continue_epochs: int = 1
    batch_lists: int = 64
    learning_rate: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole(self, 1, 1000, "epochs", "continue_epochs")
        check_whole(self, 1, 1_000_000, "batch_lists")
        check_number(self, 0.0, 1.0, "learning_rate", above=True)
