"""Which days the raw log holds, remembered between looks so that unchanged files are not opened again."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops_gpu.logs import InteractionLog, LogError, LogPlace
from ops_gpu.logs.values.time_bounds import TimeBounds
from ops_gpu.primitives.atomic_file import write_text
from recsys_assets.blueprint.portable_path import absolute, portable

if TYPE_CHECKING:
    from ops_gpu.logs import FileDays


@dataclass(frozen=True)
class LogDays:
    """The files of a log and the days in each.

    Args:
        files: days by path, from `days_of_files`.
        bounds: which of them may be days of events.
    """

    files: Mapping[str, FileDays]
    bounds: TimeBounds

    @classmethod
    def look(
        cls,
        log: InteractionLog,
        place: LogPlace,
        memory: Path,
        latest: datetime | None = None,
        start: date | None = None,
        kept: Collection[date] = (),
    ) -> LogDays:
        """Looks at the log; opens only what is new or changed since `memory` was written, and writes it.

        Args:
            log: the interactions.
            place: base folder and variables of their path.
            memory: JSON file for the answer; a missing or unreadable one only costs time.
            latest: the last moment (UTC) that may be one of an event; None for no bound.
            start: first day wanted, where somebody has named one.
            kept: days of which events are kept, though there may be no file of them any more.

        Raises:
            LogError: when there is no file at all.
        """
        from ops_gpu.logs import days_of_files
        from ops_gpu.logs.days import LOOKED_AS

        described = f"{LOOKED_AS} {log!r}"

        known = _remembered(memory, described, place)
        found = days_of_files(log, place, known)
        if found != known:
            _remember(memory, described, {portable(path, place): entry for path, entry in found.items()})
        days = {day for entry in found.values() if not entry.error for day in entry.days} | set(kept)
        return cls(found, TimeBounds.of(days, latest, start))

    @property
    def days(self) -> set[date]:
        """All days with events, in files that can be read."""
        return {day for entry in self.readable.values() for day in entry.days if self.bounds.holds(day)}

    @property
    def readable(self) -> dict[str, FileDays]:
        """The files that can be read."""
        return {path: entry for path, entry in self.files.items() if not entry.error}

    def left_out(self) -> list[str]:
        """What lies outside the bounds, in a sentence a day and file."""
        found = []
        for path, entry in self.readable.items():
            for day in entry.days:
                if not self.bounds.holds(day):
                    ahead = self.bounds.latest is not None and datetime.combine(day, time.min) > self.bounds.latest
                    why = "lies ahead of now" if ahead else "lies years before all other days of the log"
                    rows = f"{entry.by_day[day].rows:,} rows" if entry.by_day[day].rows > 1 else "1 row"
                    found.append(f"{rows} of {day} in '{path}' left out: this day {why}.")
        return found

    def span(self, path: str) -> tuple[date, date]:
        """First and last day.

        Args:
            path: how the message calls the log.

        Raises:
            LogError: when no file holds an event; with the first file's own sentence where it cannot be read.
        """
        days = self.days
        if not days:
            errors = [entry.error for entry in self.files.values() if entry.error]
            nothing = (
                f"'{path}' holds no events, expected at least one row below the names of the columns; check the "
                "path and the files."
            )
            raise LogError(errors[0] if errors else nothing)
        return min(days), max(days)


def _remembered(memory: Path, described: str, place: LogPlace) -> dict[str, FileDays]:
    from ops_gpu.logs import FileDays

    try:
        saved = json.loads(memory.read_text(encoding="utf-8"))
        if saved["log"] != described:  # another column or unit gives other days
            return {}
        return {absolute(path, place): FileDays.from_dict(entry) for path, entry in saved["files"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _remember(memory: Path, described: str, files: Mapping[str, FileDays]) -> None:
    values: dict[str, Any] = {path: entry.to_dict() for path, entry in files.items()}
    write_text(memory, json.dumps({"log": described, "files": values}))
