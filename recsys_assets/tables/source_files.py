"""The raw files of a recommender at one moment, beside what was read of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.blueprint.portable_path import portable
from recsys_assets.blueprint.read_days import ReadDays
from recsys_assets.tables.changed_days import ChangedDays

if TYPE_CHECKING:
    from ops_gpu.logs import EntityTable, FileDays

FILE = "tables.json"


@dataclass(frozen=True)
class SourceFiles:
    """What there is, and what of it was not read yet.

    Paths are as `portable` writes them: files do not change by being moved with their home, or with their YAML.

    Args:
        blueprint: the recommender.
        changes: the log beside what was read of it.
        tables: fingerprint by path of the files of users and items.
        read: the same of those that were read; None before any was.
    """

    blueprint: Blueprint
    changes: ChangedDays
    tables: Mapping[str, str]
    read: Mapping[str, str] | None
    now: float = field(default_factory=time.time)

    @classmethod
    def look(cls, blueprint: Blueprint) -> SourceFiles:
        """The files as they are now.

        Raises:
            LogError: when a source has no file at all.
        """
        log, drop = blueprint.log_days(), blueprint.settings.quality.missing_files == "drop"
        changes = ChangedDays(
            log, ReadDays.of_before(blueprint.home, blueprint.name, log.files, blueprint.place), blueprint.place, drop
        )
        declared = (blueprint.settings.users, blueprint.settings.items)
        tables = {path: mark for table in declared if table for path, mark in table_files(blueprint, table).items()}
        known = read_json(_file(blueprint))
        read = None if known is None else {path: mark for files in known.values() for path, mark in files.items()}
        return cls(blueprint, changes, tables, read)

    def days(self) -> list[date]:
        """Days of the log to read, in order."""
        return [day for day in self.changes.days() if self.blueprint.takes(day)]

    def state(self, day: date) -> str:
        """By which to tell whether the files of a day are the same as at another moment."""
        files = self.changes.files.items()
        found = sorted((path, e.version(day)) for path, e in files if not e.error and day in e.by_day)
        return sha256(repr(found).encode()).hexdigest()[:16]

    @property
    def broken(self) -> dict[str, FileDays]:
        """Files of the log that cannot be read, by path."""
        return {path: entry for path, entry in self.changes.files.items() if entry.error}

    @property
    def tables_changed(self) -> bool:
        """Whether the files of users and items are others than those that were read."""
        return self.read is not None and dict(self.read) != dict(self.tables)

    @property
    def tables_state(self) -> str:
        """By which to tell whether the files of users and items are the same as at another moment."""
        return sha256(repr(sorted(self.tables.items())).encode()).hexdigest()[:16]

    def restless(self, seconds: float) -> dict[str, FileDays]:
        """Files of the log that were written to less than so many seconds ago, by path.

        A time that lies further ahead than that is another clock's, and says nothing about rest.
        """
        return {path: e for path, e in self.changes.files.items() if e.changed and abs(self.now - e.changed) < seconds}

    def newest_day(self) -> date | None:
        """The last day that has events, or else the last one there is."""
        there = [day for day in self.changes.log.days if self.blueprint.takes(day)]
        newest = self.blueprint.partitions.get_last_partition_key()
        return max(there) if there else date.fromisoformat(newest) if newest else None

    def waiting(self) -> list[str]:
        """Days of the log that no run can be asked for yet, and what is kept of files that are gone, in sentences."""
        first, dates = self.blueprint.partitions.start.date(), self.blueprint.settings
        wanted = [day for day in sorted(self.changes.log.days) if dates.end is None or day < dates.end]
        waiting = [day for day in wanted if not self.blueprint.takes(day) and day >= (dates.start or day)]
        sentences = list[str]()
        before, unfinished = [day for day in waiting if day < first], [day for day in waiting if day >= first]
        if before:
            sentences.append(
                f"events of {before[0]} lie before the days that are known here, the first of which is {first}; reload "
                "the code location"
            )
        if unfinished:
            sentences.append(f"events of {unfinished[0]} wait until that day is over (UTC)")
        gone = self.changes.gone_days()
        if gone:
            sentences.append(f"events kept, whose files are gone: {sum(gone.values()):,} (days: {len(gone)})")
        return sentences

    def __str__(self) -> str:
        return f"{len(self.changes.files)} files of the log and {len(self.tables)} of users and items"


def table_files(blueprint: Blueprint, table: EntityTable) -> dict[str, str]:
    """Fingerprint by path of the files of a users or items table; none where it follows from the log.

    Raises:
        LogError: when there is no file at all.
    """
    from ops_gpu.logs.files.listing import list_files

    if table.source is None:
        return {}
    return {
        portable(file.path, blueprint.place): file.fingerprint for file in list_files(table.source, blueprint.place)
    }


def note_table(blueprint: Blueprint, kind: str, files: Mapping[str, str]) -> None:
    """Notes from which files a table was read, so that others are seen as a change."""
    write_json({**(read_json(_file(blueprint)) or {}), kind: dict(files)}, _file(blueprint))


def _file(blueprint: Blueprint) -> Path:
    return blueprint.home.recommender(blueprint.name) / FILE
