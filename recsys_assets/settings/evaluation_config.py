"""Settings: how a candidate for release is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EvaluationConfig:
    """On which days lists are compared with what users chose.

    Args:
        days: last days of the log that models are evaluated on, before they are continued over them.

    Raises:
        ValueError: when there are no days.
    """

    days: int = 7

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError(f"days is {self.days}, expected 1 or more days to evaluate on.")
