"""The raw files of a recommender at one moment, and what has changed since another."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING

import dagster as dg

from recsys_assets.blueprint import Blueprint
from recsys_assets.portable_path import portable

if TYPE_CHECKING:
    from ops_gpu.logs import FileDays


@dataclass(frozen=True)
class SourceFiles:
    """Fingerprints of all raw files, and the days of those of the log.

    Paths are as `portable` writes them: files do not change by being moved with their home, or with their YAML.

    Args:
        log: fingerprint by path of the interactions.
        tables: fingerprint by path of users and items.
        days: what each file of the log holds; empty for files as they were.
    """

    log: Mapping[str, str]
    tables: Mapping[str, str]
    days: Mapping[str, FileDays]

    @classmethod
    def look(cls, plan: Blueprint) -> SourceFiles:
        """The files as they are now.

        Raises:
            LogError: when a source has no file at all.
        """
        from ops_gpu.logs.files import list_files

        declared = (plan.settings.users, plan.settings.items)
        sources = [table.source for table in declared if table and table.source]
        files = [file for source in sources for file in list_files(source, plan.place)]
        tables = {portable(file.path, plan.place): file.fingerprint for file in files}
        days = {portable(path, plan.place): entry for path, entry in plan.log_days().files.items()}
        return cls({path: entry.fingerprint for path, entry in days.items()}, tables, days)

    @classmethod
    def of_cursor(cls, cursor: str, plan: Blueprint) -> SourceFiles:
        """The files as a sensor's cursor has kept them; that of an earlier version names whole paths."""
        kept = json.loads(cursor)
        log, tables = (
            {portable(path, plan.place): mark for path, mark in kept[key].items()} for key in ("log", "tables")
        )
        return cls(log, tables, {})

    def to_cursor(self) -> str:
        """For `of_cursor`."""
        return json.dumps({"log": self.log, "tables": self.tables}, sort_keys=True)

    def materialized(self, days: Collection[str]) -> SourceFiles:
        """Those that some materialized days have taken in already, so that a first look does not ask again."""
        done = {
            path: entry.fingerprint
            for path, entry in self.days.items()
            if not entry.error and entry.days and all(str(day) in days for day in entry.days)
        }
        return SourceFiles(done, self.tables if days else {}, {})

    def days_to_read(self, seen: SourceFiles, partitions: dg.DailyPartitionsDefinition) -> list[date]:
        """Days that new and changed files make necessary, in order.

        A broken file that names no day fails the newest day there is; so does a change of users or items, which
        belongs to no day, make it necessary.

        Args:
            seen: the files as they were.
            partitions: the recommender's days; others are left out.
        """
        changed = [entry for path, entry in self.days.items() if seen.log.get(path) != entry.fingerprint]
        named = {day for entry in changed for day in entry.days if partitions.has_partition_key(str(day))}
        undated = any(entry.error and not entry.days for entry in changed) or self.tables != seen.tables
        if named or not undated:
            return sorted(named)
        there = {day for entry in self.days.values() for day in entry.days}
        there = {day for day in there if partitions.has_partition_key(str(day))}
        newest = partitions.get_last_partition_key()
        return [max(there)] if there else [date.fromisoformat(newest)] if newest else []

    def difference(self, seen: SourceFiles) -> str:
        """A key of the change: the same change has the same key, another one another."""
        files, before = {**self.log, **self.tables}, {**seen.log, **seen.tables}
        changed = sorted(item for item in files.items() if before.get(item[0]) != item[1])
        return sha256(repr(changed).encode()).hexdigest()

    def __str__(self) -> str:
        return f"{len(self.log)} files of the log and {len(self.tables)} of users and items"
