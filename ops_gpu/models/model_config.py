"""What the settings of all retrieval models, and of all rankers, have in common."""

from __future__ import annotations

from dataclasses import dataclass

from ops_gpu.candidates.candidate_config import MOST_CANDIDATES
from ops_gpu.primitives.bounds import LARGEST_SEED, check_number, check_whole

SECOND, DECADE = 1 / 86_400, 3_650.0  # in days


@dataclass(frozen=True)
class RetrieverConfig:
    """Settings of a retrieval model; those of a family are a subclass."""

    @property
    def sequence_length(self) -> int:
        """Last items of a user that the model reads as a sequence; 0 where it reads none."""
        return 0


@dataclass(frozen=True)
class RankerConfig:
    """How a ranker's training lists are made; the settings of a family are a subclass.

    Lists are made as of several past moments, exactly as a live request would have been answered then, and labelled by
    what the users chose within the horizon after it.

    Args:
        moments: past moments to make lists at.
        step_days: days between two of them.
        horizon_days: days after a moment in which a choice counts.
        lists: lists kept a moment, drawn at random.
        list_size: candidates kept a list: all positives, then random others.
        seed: fixes initial weights, samples and orders.

    Raises:
        SettingError: when a number is out of bounds.
    """

    moments: int = 8
    step_days: float = 7.0
    horizon_days: float = 7.0
    lists: int = 2000
    list_size: int = 100
    seed: int = 7

    def __post_init__(self) -> None:
        check_whole(self, 1, 1000, "moments")
        check_number(self, SECOND, DECADE, "step_days", "horizon_days")
        check_whole(self, 1, 10_000_000, "lists")
        check_whole(self, 2, MOST_CANDIDATES, "list_size")
        check_whole(self, 0, LARGEST_SEED, "seed")
