"""Settings: how a challenger for release is measured."""

from __future__ import annotations

from dataclasses import dataclass

from ops_gpu.primitives.bounds import check_whole


@dataclass(frozen=True)
class EvaluationConfig:
    """On which days lists are compared with what users chose.

    Args:
        days: last days of the log that models are evaluated on, before they are continued over them.
        min_users: fewest users to judge by. Where fewer chose anything new on days that can be compared, days before
            them are taken too, as far as that can be done; else nothing is released until there are more.

    Raises:
        SettingError: when there are no days, or no users.
    """

    days: int = 7
    min_users: int = 10

    def __post_init__(self) -> None:
        check_whole(self, 1, 3650, "days")
        check_whole(self, 1, 10**9, "min_users")
