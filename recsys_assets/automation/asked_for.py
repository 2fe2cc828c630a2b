"""AskedFor: what a sensor has asked for already, so that no state of the files is asked for twice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date

from recsys_assets.tables.source_files import SourceFiles


@dataclass(frozen=True)
class AskedFor:
    """The cursor of the sensor.

    A run may fail. Its days are then still to be read, but are not asked for again until their files are others; a file
    that was replaced and is restored is such another one.

    Args:
        days: state of the files of each day, when it was asked for; of days that are still to be read.
        broken: fingerprint of each file that cannot be read, when its day was asked for.
        tables: state of users and items, when they were asked for.
        serial: how many runs were asked for.
    """

    days: Mapping[str, str] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    tables: str = ""
    serial: int = 0

    @classmethod
    def of_cursor(cls, cursor: str | None) -> AskedFor:
        """Back from `to_cursor`; nothing for a cursor of a version before."""
        values = json.loads(cursor) if cursor else {}
        return cls(**values) if "serial" in values else cls()

    def to_cursor(self) -> str:
        """As text."""
        return json.dumps(asdict(self), sort_keys=True)

    def next(self, found: SourceFiles, rest_seconds: float) -> tuple[list[date], AskedFor]:
        """The days to ask for now, and what is asked for then; none where there is nothing new to ask for.

        A run covers all days from the first to the last one asked for, and fails where a file of one of them cannot be
        read. So good days up to the first bad one come first, then those after it, then the bad ones, one a run: it
        says what is wrong.

        Args:
            found: the files as they are.
            rest_seconds: how long files must have been left alone.
        """
        restless = found.restless(rest_seconds)
        busy = {day for entry in restless.values() for day in entry.days}
        bad = {day for entry in found.broken.values() for day in entry.days}
        due = found.days()
        kept = replace(self, days={day: state for day, state in self.days.items() if date.fromisoformat(day) in due})
        new = [day for day in due if day not in busy | bad and kept.days.get(str(day)) != found.state(day)]
        if new:
            limit = min((day for day in bad if day > new[0]), default=date.max)
            return kept._with_days([day for day in new if day < limit], found)
        if found.tables_changed and kept.tables != found.tables_state:
            return _one(found.newest_day()), replace(kept, tables=found.tables_state, serial=self.serial + 1)
        for path, entry in found.broken.items():
            if kept.broken.get(path) != entry.fingerprint and path not in restless:
                days = [day for day in entry.days if found.blueprint.takes(day)]
                return kept._with_broken(path, days[:1] or _one(found.newest_day()), found)
        return [], kept

    def _with_days(self, days: Sequence[date], found: SourceFiles) -> tuple[list[date], AskedFor]:
        states = {str(day): found.state(day) for day in days}
        asked = {**self.days, **states}
        return list(days), replace(self, days=asked, tables=found.tables_state, serial=self.serial + 1)

    def _with_broken(self, path: str, days: list[date], found: SourceFiles) -> tuple[list[date], AskedFor]:
        there = {name: mark for name, mark in self.broken.items() if name in found.broken}
        return days, replace(self, broken={**there, path: found.broken[path].fingerprint}, serial=self.serial + 1)


def _one(day: date | None) -> list[date]:
    return [] if day is None else [day]
