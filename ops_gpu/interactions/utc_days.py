"""Days in UTC, as dates and as epoch seconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta


def day_start(day: date) -> int:
    """Midnight (UTC) at which a day begins, in epoch seconds."""
    return int(datetime.combine(day, time.min, UTC).timestamp())


def day_end(day: date) -> int:
    """Midnight (UTC) after a day, in epoch seconds."""
    return day_start(day + timedelta(days=1))


def as_day(moment: int) -> date:
    """The day (UTC) of a moment in epoch seconds."""
    return datetime.fromtimestamp(moment, UTC).date()
