"""ReadDays: from which version of which file each kept day of the interactions was read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.blueprint.portable_path import portable
from resources.home import Home

if TYPE_CHECKING:
    from ops_gpu.logs import FileDays, LogPlace

FILE = "days.json"
UNKNOWN = ""
"""The file of events of which nobody noted it: a version of before, or somebody who put a day back."""


@dataclass(frozen=True)
class ReadDay:
    """What is kept of one day.

    Args:
        rows: how many events.
        files: version of the day's rows in each file that held any, by path (`portable`); `UNKNOWN` is one.
        kept: how many of the events are of files that are gone.
        counts: how many of the events are of each file; empty for days of a version of before.
    """

    rows: int
    files: Mapping[str, str] = field(default_factory=dict)
    kept: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    def events_of(self, paths: Collection[str]) -> int:
        """How many events are of these files, those of `UNKNOWN` among them; all, where they were not counted."""
        if not self.counts or not paths:
            return self.rows if paths else 0
        return sum(self.counts.get(path, 0) for path in {*paths, UNKNOWN})


class ReadDays(Mapping[date, ReadDay]):
    """The days that were read, in order.

    What is on disk is compared with the files as they are now, and not with what some run or sensor has seen: a file
    that is replaced and then restored, or whose run has failed, is still another one than was read.

    Args:
        days: what was read of each.
    """

    def __init__(self, days: Mapping[date, ReadDay]) -> None:
        self._days = dict(sorted(days.items()))

    @classmethod
    def load(cls, home: Home, name: str) -> ReadDays:
        """Those of a recommender; none before the first run.

        Raises:
            LogError: when the account is damaged.
        """
        path = home.interactions_folder(name) / FILE
        try:
            values = read_json(path) or {}
            return cls({date.fromisoformat(day): ReadDay(**found) for day, found in values.items()})
        except (ValueError, TypeError, AttributeError) as error:
            from ops_gpu.logs import LogError

            raise LogError(
                f"{path} is damaged, or of a newer version of this program ({error}); it tells from which files the "
                "kept days were read: put it back from a copy, or remove it, and they are taken to be of the files as "
                "they are now."
            ) from error

    @classmethod
    def of_before(cls, home: Home, name: str, files: Mapping[str, FileDays], place: LogPlace) -> ReadDays:
        """Those that a version of before has read, which kept no account: taken to be of the files as they are.

        Where these hold fewer rows than are kept, the others are of files that are gone. And the newest day is to be
        read once more, for its file may have grown since.

        Args:
            home: the home.
            name: the recommender.
            files: what each file of the log holds now.
            place: base folder and variables of paths.
        """
        if (home.interactions_folder(name) / FILE).exists():
            return cls.load(home, name)
        read_days: dict[date, ReadDay] = {}
        for path in _paths(home, name):
            day, rows = date.fromisoformat(path.stem), _rows(path)
            versions = versions_of(day, files, place)
            held = {portable(p, place): entry.by_day[day].rows for p, entry in files.items() if day in entry.by_day}
            counts = {path: held[path] for path in versions}
            more = rows - sum(counts.values())
            if more > 0:
                versions, counts = {**versions, UNKNOWN: ""}, {**counts, UNKNOWN: more}
            read_days[day] = ReadDay(rows, versions, counts=counts if more >= 0 else {})
        for day in sorted(read_days)[-1:]:
            read_days[day] = replace(read_days[day], files=dict.fromkeys(read_days[day].files, ""))
        return cls(read_days)

    @classmethod
    def with_events(cls, home: Home, name: str) -> set[date]:
        """The days of which events are kept, whoever has read them."""
        if (home.interactions_folder(name) / FILE).exists():
            return {day for day, found in cls.load(home, name).items() if found.rows}
        return {date.fromisoformat(path.stem) for path in _paths(home, name)}

    def save(self, home: Home, name: str) -> None:
        """Writes them beside the interactions."""
        values = {str(day): asdict(found) for day, found in self._days.items()}
        write_json(values, home.interactions_folder(name) / FILE, durable=True)

    def changed(self, read: Mapping[date, ReadDay], forgotten: Iterable[date] = ()) -> ReadDays:
        """The same with days that were read anew, and without others."""
        gone = set(forgotten)
        return ReadDays({day: found for day, found in {**self._days, **read}.items() if day not in gone})

    def __getitem__(self, day: date) -> ReadDay:
        return self._days[day]

    def __iter__(self) -> Iterator[date]:
        return iter(self._days)

    def __len__(self) -> int:
        return len(self._days)


def versions_of(day: date, files: Mapping[str, FileDays], place: LogPlace) -> dict[str, str]:
    """The version of a day's rows in each file that holds any and can be read, by path (`portable`)."""
    return {
        portable(path, place): entry.version(day)
        for path, entry in files.items()
        if not entry.error and day in entry.by_day
    }


def _paths(home: Home, name: str) -> list[Path]:
    return sorted(home.interactions_folder(name).glob("????-??-??.parquet"))


def _rows(path: Path) -> int:
    import polars as pl

    return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
