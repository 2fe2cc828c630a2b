"""Which days must be read, for the raw files are others than those that the kept days were read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from recsys_assets.blueprint.portable_path import portable
from recsys_assets.blueprint.read_days import ReadDays

if TYPE_CHECKING:
    from ops_gpu.logs import FileDays, LogPlace
    from recsys_assets.blueprint.log_days import LogDays


@dataclass(frozen=True)
class ChangedDays:
    """The difference between the log as it is and what was read of it.

    Args:
        log: the log as it is.
        read: what was read.
        place: base folder and variables of paths.
        drop: whether days whose files are gone are to be emptied.
    """

    log: LogDays
    read: ReadDays
    place: LogPlace
    drop: bool = False

    @cached_property
    def files(self) -> dict[str, FileDays]:
        """The files of the log, by path (`portable`)."""
        return {portable(path, self.place): entry for path, entry in self.log.files.items()}

    def days(self) -> list[date]:
        """Days to read, in order: those with rows that were not read, that have changed, or that are there no more.

        A day whose files are gone is none, unless such days are dropped: what was read of it is kept.
        """
        files, found = self.files, set[date]()
        for path, entry in files.items():
            if not entry.error:
                found |= {day for day in entry.days if self._is_new(path, entry.version(day), day, files)}
        for day, read in self.read.items():
            found |= {day} if self.drop and self.gone(day, files) else set()
            there = [files[path] for path in read.files if path in files]
            found |= {day} if any(not now.error and day not in now.by_day for now in there) else set()
        return sorted(day for day in found if self.log.bounds.holds(day))

    def _is_new(self, path: str, version: str, day: date, files: Mapping[str, FileDays]) -> bool:
        known = self.read[day].files if day in self.read else {}
        if path in known:
            return known[path] != version
        return version not in {known[other] for other in known if other not in files}  # it was renamed

    def gone(self, day: date, files: Mapping[str, FileDays] | None = None) -> set[str]:
        """Files that a day was read from and that are not there any more, under no name.

        Args:
            day: the day.
            files: those that there are, where they are known already.
        """
        known = self.read[day].files if day in self.read else {}
        files = self.files if files is None else files
        missing = {path for path in known if path not in files}
        if not missing:
            return missing
        others = [entry for path, entry in files.items() if path not in known and not entry.error]
        there = {entry.version(day) for entry in others if day in entry.by_day}
        return {path for path in missing if known[path] not in there}

    def unreadable(self, day: date) -> set[str]:
        """Files that a day was read from, and that are there but cannot be read now."""
        known = self.read[day].files if day in self.read else {}
        return {path for path in known if path in self.files and self.files[path].error}

    def gone_days(self) -> dict[date, int]:
        """Days that hold events of files that are gone, with their number."""
        files = self.files
        found = {day: read.events_of(self.gone(day, files)) for day, read in self.read.items()}
        return {day: events for day, events in found.items() if events and self.log.bounds.holds(day)}

    def outside(self) -> list[date]:
        """Days that were read and that can be none of events: they lie ahead of now, or years before all others."""
        return [day for day in self.read if not self.log.bounds.holds(day)]
