"""Settings of the two-tower retrieval model."""

from __future__ import annotations

from dataclasses import dataclass

from ops_gpu.models.model_config import RetrieverConfig
from ops_gpu.primitives.bounds import LARGEST_SEED, check_number, check_whole


@dataclass(frozen=True)
class TwoTowerConfig(RetrieverConfig):
    """How the towers are built and trained.

    Args:
        dimension: width of the shared space.
        hidden: widths of the hidden layers of each tower.
        history_length: last items of a user that the query tower reads.
        temperature: divides the cosine before the softmax; lower is sharper.
        epochs: passes over the training events of a full fit.
        continue_epochs: passes over new events when a fitted model is continued.
        batch_size: rows a batch, and so negatives a row.
        learning_rate: of Adam.
        id_dropout: share of rows whose ids are hidden, so that features alone can place a new user or item.
        seed: fixes initial weights and the order of rows.

    Raises:
        SettingError: when a number is out of bounds.

    Example:
        >>> TwoTowerConfig(dimension=64).sequence_length
        30
    """

    dimension: int = 32
    hidden: tuple[int, ...] = (64,)
    history_length: int = 30
    temperature: float = 0.1
    epochs: int = 4
    continue_epochs: int = 1
    batch_size: int = 1024
    learning_rate: float = 2e-3
    id_dropout: float = 0.1
    seed: int = 7

    def __post_init__(self) -> None:
        check_whole(self, 1, 4096, "dimension")
        check_whole(self, 1, 65_536, "hidden")
        check_whole(self, 1, 1000, "history_length", "epochs", "continue_epochs")
        check_number(self, 0.0, 100.0, "temperature", above=True)
        check_whole(self, 2, 1_000_000, "batch_size")  # the other rows are the negatives
        check_number(self, 0.0, 1.0, "learning_rate", above=True)
        check_number(self, 0.0, 1.0, "id_dropout")
        check_whole(self, 0, LARGEST_SEED, "seed")

    @property
    def sequence_length(self) -> int:
        return self.history_length
