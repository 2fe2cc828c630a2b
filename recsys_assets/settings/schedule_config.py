"""Settings: when a recommender is rebuilt, and what it served kept, by the clock."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dagster as dg

from ops_gpu.primitives.bounds import check_number
from ops_gpu.primitives.setting_error import SettingError


@dataclass(frozen=True)
class ScheduleConfig:
    """Times of the schedules, as cron expressions; None switches one off.

    Args:
        nightly: takes in the days that arrived since the last run.
        refit: fits everything anew over all days: vocabularies, statistics, models.
        served: keeps the decisions of the day that is over; in UTC, as the days of the decision log are.
        timezone: of the first two, by its IANA name.
        rest_seconds: how long the sensor leaves a raw file alone after it was written to. A log that grows all the time
            is then read when it rests, as at night or once another file has taken its place, or by `nightly`.

    Raises:
        SettingError: when an expression, the time zone or a number cannot be read.
    """

    nightly: str | None = "0 3 * * *"
    refit: str | None = "0 5 * * 0"
    served: str | None = "5 0 * * *"
    timezone: str = "UTC"
    rest_seconds: float = 10.0

    def __post_init__(self) -> None:
        check_number(self, 0.0, 86_400.0, "rest_seconds")
        for name in ("nightly", "refit", "served"):
            cron = getattr(self, name)
            if cron is not None and not _is_cron(cron):
                raise SettingError(
                    f"{name} is {cron!r}, expected a cron expression of five fields such as '0 3 * * *', "
                    "or null for never.",
                    name,
                )
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise SettingError(
                f"timezone is {self.timezone!r}, expected an IANA name such as 'Europe/Berlin'.", "timezone"
            ) from None


def _is_cron(text: str) -> bool:
    try:
        dg.ScheduleDefinition(name="trial", cron_schedule=text, job_name="trial")
    except dg.DagsterInvalidDefinitionError:
        return False
    return True
