"""Settings: when a recommender is rebuilt by the clock."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dagster as dg


@dataclass(frozen=True)
class ScheduleConfig:
    """Times of the schedules, as cron expressions; None switches one off.

    Args:
        nightly: takes in the days that arrived since the last run.
        refit: fits everything anew over all days: vocabularies, statistics, models.
        timezone: of both, by its IANA name.

    Raises:
        ValueError: when an expression or the time zone cannot be read.
    """

    nightly: str | None = "0 3 * * *"
    refit: str | None = "0 5 * * 0"
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        for name in ("nightly", "refit"):
            cron = getattr(self, name)
            if cron is not None and not _is_cron(cron):
                raise ValueError(
                    f"{name} is {cron!r}, expected a cron expression of five fields such as '0 3 * * *', "
                    "or null for never."
                )
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"timezone is {self.timezone!r}, expected an IANA name such as 'Europe/Berlin'.") from None


def _is_cron(text: str) -> bool:
    try:
        dg.ScheduleDefinition(name="trial", cron_schedule=text, job_name="trial")
    except dg.DagsterInvalidDefinitionError:
        return False
    return True
