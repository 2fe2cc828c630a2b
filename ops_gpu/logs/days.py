"""Which file of a log holds which days: how new and changed files are found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ops_gpu.logs.errors import LogError, shown
from ops_gpu.logs.files import LogFile, list_files
from ops_gpu.logs.interactions import InteractionLog
from ops_gpu.logs.naming import named_in
from ops_gpu.logs.place import LogPlace

if TYPE_CHECKING:
    pass

LOOKED_AS = 2
"""Which reading found the days of a file; what an older one has found of it, or found wrong with it, may not hold."""

_DATE = re.compile(r"(\d{4})[-_]?(\d{2})[-_]?(\d{2})")


@dataclass(frozen=True)
class FileDays:
    """The days that one version of a file holds.

    Args:
        fingerprint: of the file when it was looked at.
        days: the days (UTC) of its events, in order. Of a file of which these cannot be read: the day in its
            name, if any.
        error: why it cannot be read, None when it can.
    """

    fingerprint: str
    days: Sequence[date]
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values, for a sensor's cursor."""
        return {
            "fingerprint": self.fingerprint,
            "days": [day.isoformat() for day in self.days],
            "error": self.error,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FileDays:
        """Back from `to_dict`."""
        days = [date.fromisoformat(day) for day in values["days"]]
        return cls(values["fingerprint"], days, values.get("error"))


def days_of_files(
    log: InteractionLog, place: LogPlace, known: Mapping[str, FileDays] | None = None
) -> dict[str, FileDays]:
    """Looks at the times of all files of a log.

    Args:
        log: the log.
        place: base folder and variables of its path.
        known: what the last call gave; files that have not changed since are not opened.

    Returns:
        For every file, by path: fingerprint and days. A file that cannot be read carries its error instead of
        raising it, so that one broken file does not hide the others.

    Raises:
        LogError: when there is no file at all.
    """
    return {file.path: _days_of(file, log, known or {}) for file in list_files(log.source, place)}


def span(log: InteractionLog, place: LogPlace, known: Mapping[str, FileDays] | None = None) -> tuple[date, date]:
    """The first and the last day (UTC) of a log.

    Raises:
        LogError: when a file cannot be read, or no file holds a single time.
    """
    files = days_of_files(log, place, known)
    errors = [entry.error for entry in files.values() if entry.error]
    days = [day for entry in files.values() if not entry.error for day in entry.days]
    if not days:
        raise LogError(
            errors[0]
            if errors
            else f"'{place.resolve(log.source.path)}' holds no events; check the path and the files."
        )
    return min(days), max(days)


def check_window(log: InteractionLog, place: LogPlace, start: date, end: date) -> None:
    """Refuses a window of days that the data does not meet at all.

    Args:
        log: the log.
        place: base folder and variables of its path.
        start: first day wanted.
        end: last day wanted, included.

    Raises:
        LogError: when no day of the data lies between `start` and `end`.
    """
    first, last = span(log, place)
    if end < first or start > last or end < start:
        raise LogError(
            f"the days {start} to {end} lie outside the data: '{place.resolve(log.source.path)}' runs "
            f"from {first} "
            f"to {last}; correct the dates in the YAML."
        )


def _days_of(file: LogFile, log: InteractionLog, known: Mapping[str, FileDays]) -> FileDays:
    before = known.get(file.path)
    if before and before.fingerprint == file.fingerprint:
        return before
    try:
        return FileDays(file.fingerprint, _days_in(file, log, log.raw_columns))
    except LogError as error:
        days = _named_day(file.path)
        if error.column:  # of a file that lacks another column than the time, the days are known
            with suppress(LogError):
                days = _days_in(file, log, ())
        return FileDays(file.fingerprint, days, str(error))


def _days_in(file: LogFile, log: InteractionLog, present: Sequence[str]) -> tuple[date, ...]:
    """The days of the events in a file that has these columns.

    Raises:
        LogError: when it has not, or cannot be read, or there is not a single time in it.
    """
    import polars as pl

    from ops_gpu.logs.reader import read_file
    from ops_gpu.logs.units import read_times

    with named_in(log):
        raw, _ = read_file(file, log.source, [log.time], present)
    moments = read_times(raw[log.time], log, file.path)
    days = tuple(moments.drop_nulls().cast(pl.Date).unique().sort().to_list())
    if days or raw.is_empty():
        return days
    raise LogError(
        f"'{file.path}' holds no readable time in the column '{log.time}' (time_unit: {log.time_unit}), "
        f"found {shown(raw[log.time][0])}; correct time, time_unit or time_format in the YAML, or mend the file."
    )


def _named_day(path: str) -> tuple[date, ...]:
    for match in _DATE.finditer(PurePosixPath(path).name):
        try:
            return (date(int(match[1]), int(match[2]), int(match[3])),)
        except ValueError:
            continue
    return ()
