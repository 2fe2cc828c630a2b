"""Settings: how a candidate for release is measured."""

from __future__ import annotations

from dataclasses import dataclass

from ops_gpu.bounds import check_whole


@dataclass(frozen=True)
class EvaluationConfig:
    """On which days lists are compared with what users chose.

    Args:
        days: last days of the log that models are evaluated on, before they are continued over them.

    Raises:
        SettingError: when there are no days.
    """

    days: int = 7

    def __post_init__(self) -> None:
        check_whole(self, 1, 3650, "days")
