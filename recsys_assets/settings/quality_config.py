"""Settings: how bad data may be, and what is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ops_gpu.primitives.bounds import check_number


@dataclass(frozen=True)
class QualityConfig:
    """What the data must hold before anything is built from it, and what is served of it.

    Args:
        max_days_ahead: events later than so many days after now cannot be used: a clock that goes wrong, or a date that
            stands for "never".
        missing_files: what becomes of days whose files are gone: they `keep` what was read of them (raw logs are
            rotated), or `drop` it.
        max_unusable_share: largest share of rows that may be unusable (null ids, unreadable times, ...);
            above it the day is kept out and its check fails.
        min_known_share: least share of the ids in the log that the users table, and the items table, must have;
            below it the table is kept out and its check fails. Tables may lack many ids: the default only tells those
            of which next to none meet.
        min_index_recall: least recall of the item index against exact search.
        max_degraded_share: largest share of a day's lists that may be degraded or empty; above it the day's check
            warns.
        tolerance: by how many standard errors NDCG may lie below popularity's, and below the live release's.

    Raises:
        SettingError: when a share lies outside 0 to 1, or the tolerance is negative.
    """

    max_days_ahead: float = 1.0
    missing_files: Literal["keep", "drop"] = "keep"
    max_unusable_share: float = 0.1
    min_known_share: float = 0.01
    min_index_recall: float = 0.95
    max_degraded_share: float = 0.05
    tolerance: float = 2.0

    def __post_init__(self) -> None:
        check_number(self, 0.0, 1.0, "max_unusable_share", "min_known_share", "min_index_recall", "max_degraded_share")
        check_number(self, 0.0, 1000.0, "tolerance")
        check_number(self, 0.0, 36_500.0, "max_days_ahead")
