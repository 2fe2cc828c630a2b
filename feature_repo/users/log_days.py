"""LogDays: what a log's days hold, for a feature store that is to be at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ops_gpu.interactions.days.user_histories import UserHistories


@dataclass(frozen=True)
class LogDays:
    """All days of a log.

    Args:
        contents: what tells one content of a day from another (`day_stamp`), of every day.
        histories: what users did in all of them.
    """

    contents: Mapping[date, str]
    histories: UserHistories
