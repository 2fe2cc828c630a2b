"""Daily partitions: which days a recommender has, of its log and of what it served."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import dagster as dg

FRESH = timedelta(days=60)


def day_partitions(
    first: date, last: date, start: date | None, end: date | None, today: date | None = None
) -> dg.DailyPartitionsDefinition:
    """Partitions of one day each (UTC).

    A log that is still being written (its last event lies within 60 days of today) is open: its newest
    partition is yesterday. One that has stopped ends with its last event, so that no day is shown that will
    never come; should another one come, it is taken in all the same (`Blueprint.takes`).

    Args:
        first: first day of the data.
        last: last day of the data.
        start: first day wanted; None for the first of the data.
        end: day after the last one wanted; None to decide as above.
        today: the day that it is; None for the clock's.

    Example:
        >>> days = day_partitions(date(2024, 1, 1), date(2024, 3, 30), None, date(2024, 2, 1))
        >>> days.get_last_partition_key()
        '2024-01-31'
    """
    today = today or datetime.now(UTC).date()
    if end is None and last < today - FRESH:
        end = max(last, start or first) + timedelta(days=1)
    return dg.DailyPartitionsDefinition(
        start_date=(start or first).isoformat(), end_date=end.isoformat() if end else None
    )


def served_partitions(first: date) -> dg.DailyPartitionsDefinition:
    """Days on which a recommender was asked (UTC), open-ended: today is one of them, though it is not over.

    Args:
        first: the first day that there are decisions of.
    """
    return dg.DailyPartitionsDefinition(start_date=first.isoformat(), end_offset=1)
