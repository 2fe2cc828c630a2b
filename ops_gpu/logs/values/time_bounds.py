"""Which times of a log can be times of events: neither far ahead of now, nor years away from everything else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

ALONE = timedelta(days=730)
"""How far the next day of a log is from days that stand for no time at all."""
SHORT = timedelta(days=3)
"""How many days such a time may fill: with its time zone forgotten or remembered, 1970 begins on two of them."""

FAR = timedelta(days=20 * 365)
"""So far before all others lie days that may be scattered and stand for no time all the same, where they are few."""
_FEW, _SHARE, _SHARE_OF_MANY = 3, 1 / 5, 1 / 20
"""How few those are: at most three, or so large a share of the days that follow."""


@dataclass(frozen=True)
class TimeBounds:
    """The first and the last moment (UTC) that events of a log may have.

    A later one is a clock that goes wrong or a date that stands for "never". An earlier one is a date that stands for
    "unknown", such as 1970-01-01 or 1900-01-01: `of` tells it by lying years before all others.

    Args:
        earliest: events before it cannot be used; None for no bound.
        latest: events after it cannot be used; None for no bound.
    """

    earliest: datetime | None = None
    latest: datetime | None = None

    @classmethod
    def of(cls, days: Collection[date], latest: datetime | None = None, start: date | None = None) -> TimeBounds:
        """The bounds of a log.

        The first days of a log are no days of events where they are at most three in a row, and at least two years
        pass until the next one; and so on with those that are left. Where twenty years pass, they need not lie in a
        row (numbers such as 0 and 1,000,000, read as seconds, are twelve days apart), but must be few beside the days
        that follow: at most three of them and a fifth, or a twentieth. That a pause came before the newest days says
        nothing against them.

        Args:
            days: all days of the log.
            latest: the last moment that may be; None for no bound.
            start: first day wanted; whoever names it has looked at the log, and then nothing is guessed.
        """
        if start is not None:
            return cls(None, latest)
        possible = sorted(day for day in days if latest is None or _midnight(day) <= latest)
        first = 0
        for place in range(1, len(possible)):
            if possible[place] - possible[place - 1] >= ALONE:
                if not _is_no_time(possible[first:place], possible[place:]):
                    break
                first = place
        return cls(_midnight(possible[first]) if first else None, latest)

    def holds(self, day: date) -> bool:
        """Whether a day may have events."""
        midnight = _midnight(day)
        return (self.earliest is None or midnight >= self.earliest) and (self.latest is None or midnight <= self.latest)

    def problem(self, column: str) -> pl.Expr:
        """Why a time cannot be one of an event: `time_alone`, `time_ahead`, or null where it can.

        Args:
            column: a Datetime column, in UTC without a zone.
        """
        import polars as pl

        moment, no = pl.col(column), pl.col(column).is_null() & pl.lit(False)
        early = no if self.earliest is None else moment < self.earliest
        late = no if self.latest is None else moment > self.latest
        return pl.when(early).then(pl.lit("time_alone")).when(late).then(pl.lit("time_ahead"))


def _is_no_time(early: Sequence[date], later: Sequence[date]) -> bool:
    """Whether days stand for no time, those of a log that lie before a long pause."""
    if early[-1] - early[0] < SHORT:
        return True
    few = len(early) <= (_SHARE if len(early) <= _FEW else _SHARE_OF_MANY) * len(later)
    return few and later[0] - early[-1] >= FAR


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)
