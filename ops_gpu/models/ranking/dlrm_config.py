"""Settings of candidate sources, training rows and the ranking model."""

from __future__ import annotations

from dataclasses import dataclass

from ops_gpu.candidates.candidate_config import MOST_CANDIDATES
from ops_gpu.primitives.bounds import LARGEST_SEED, check_number, check_whole

SECOND, DECADE = 1 / 86_400, 3_650.0  # in days


@dataclass(frozen=True)
class RankingConfig:
    """How the ranker's training rows are made and the model is trained.

    Training lists are made as of several past moments, exactly as a live request would have been answered then,
    and labelled by what the users chose within the horizon after it.

    Args:
        moments: past moments to make lists at.
        step_days: days between two of them.
        horizon_days: days after a moment in which a choice counts.
        lists: lists kept a moment, drawn at random.
        list_size: candidates kept a list: all positives, then random others.
        dimension: width of the embeddings and of the bottom network's output.
        bottom: hidden widths over the continuous features.
        top: hidden widths over the interactions.
        id_embeddings: whether the user's and the item's own ids are features of the ranker.
        epochs: passes over the lists of a full fit.
        continue_epochs: passes over new lists when a fitted ranker is continued.
        batch_lists: lists a batch.
        learning_rate: of Adam.
        seed: fixes initial weights, samples and orders.

    Raises:
        SettingError: when a number is out of bounds.
    """

    moments: int = 8
    step_days: float = 7.0
    horizon_days: float = 7.0
    lists: int = 2000
    list_size: int = 100
    dimension: int = 16
    bottom: tuple[int, ...] = (64,)
    top: tuple[int, ...] = (64, 32)
    id_embeddings: bool = False
    epochs: int = 5
    continue_epochs: int = 1
    batch_lists: int = 64
    learning_rate: float = 1e-3
    seed: int = 7

    def __post_init__(self) -> None:
        check_whole(self, 1, 1000, "moments", "epochs", "continue_epochs")
        check_number(self, SECOND, DECADE, "step_days", "horizon_days")
        check_whole(self, 1, 10_000_000, "lists")
        check_whole(self, 2, MOST_CANDIDATES, "list_size")
        check_whole(self, 1, 4096, "dimension")
        check_whole(self, 1, 65_536, "bottom", "top")
        check_whole(self, 1, 1_000_000, "batch_lists")
        check_number(self, 0.0, 1.0, "learning_rate", above=True)
        check_whole(self, 0, LARGEST_SEED, "seed")
