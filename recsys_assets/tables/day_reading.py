"""DayReading: some days of the raw log as they are now, with what is kept of files that are gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import remove, write_frame
from recsys_assets.blueprint.portable_path import portable
from recsys_assets.blueprint.read_days import UNKNOWN, ReadDay, ReadDays
from recsys_assets.tables.changed_days import ChangedDays
from recsys_assets.tables.feature_index import forget_days
from recsys_assets.tables.id_types import id_types
from recsys_assets.tables.kept_rows import FILE, files_of, kept_rows

if TYPE_CHECKING:
    import polars as pl

    from ops_gpu.logs import CleanReport

OUTSIDE = "outside"
"""Folder of days that are kept and can be none of events, as long as that is so."""


@dataclass(frozen=True)
class DayReading:
    """What was read, before anything is written.

    Args:
        blueprint: the recommender.
        changes: the log as it is, beside what was read of it before.
        frames: events by day, those that are kept among them; with the file of each (`__file__`).
        days: the account of each day.
        report: what could not be used.
    """

    blueprint: Blueprint
    changes: ChangedDays
    frames: Mapping[date, pl.DataFrame]
    days: Mapping[date, ReadDay]
    report: CleanReport

    @classmethod
    def of(cls, blueprint: Blueprint, days: Sequence[date], drop: bool) -> DayReading:
        """Reads these days.

        Args:
            blueprint: the recommender.
            days: in order.
            drop: whether events of files that are gone are let go.

        Raises:
            LogError: when a file cannot be read, or kept events do not fit to what is read now.
        """
        from ops_gpu.logs import read_interactions

        log, place, settings = blueprint.log_days(), blueprint.place, blueprint.settings.interactions
        before = ReadDays.of_before(blueprint.home, blueprint.name, log.files, place)
        changes = ChangedDays(log, before, place, drop)
        read = read_interactions(settings, place, id_types(blueprint), days, log.files, log.bounds, named=True)
        by_day, none = _by_day(read.frame, blueprint), read.frame.clear()
        files, frames, record = changes.files, dict[date, "pl.DataFrame"](), dict[date, ReadDay]()
        for day in days:
            mine, damaged = by_day.get(day, none), changes.unreadable(day)
            path, gone = _kept(blueprint, day), set() if drop else changes.gone(day, files)
            gone |= files_of(path) if path.parent.name == OUTSIDE and not drop else set()
            kept = kept_rows(path, gone | damaged, mine)
            frames[day] = mine if kept.is_empty() else mine.vstack(kept).sort("timestamp", maintain_order=True)
            versions = {path: e.version(day) for path, e in files.items() if not e.error and day in e.by_day}
            counts, of = dict(frames[day][FILE].value_counts().iter_rows()), set(kept[FILE].unique())
            versions |= {path: _version(before, day, path) for path in gone | damaged if {path, UNKNOWN} & of}
            of_gone = kept.height - int(kept[FILE].is_in(list(damaged)).sum())
            record[day] = ReadDay(frames[day].height, versions, of_gone, counts)
        return cls(blueprint, changes, frames, record, read.report)

    @property
    def frame(self) -> pl.DataFrame:
        """All events, by day."""
        import polars as pl

        return pl.concat(list(self.frames.values())).drop(FILE)

    @property
    def emptied(self) -> list[date]:
        """Days that had events, and of which no file holds any now, though those that did are there."""
        files = [entry for entry in self.changes.files.values() if not entry.error]
        had = [day for day, now in self.days.items() if day in self.changes.read and self.changes.read[day].rows]
        return [day for day in had if not self.days[day].rows and not any(day in entry.by_day for entry in files)]

    @property
    def is_usable(self) -> bool:
        """Whether it is good enough to be written: few rows cannot be used, and it has events or says why not."""
        found = any(day.rows for day in self.days.values()) or bool(self.emptied)
        return found and self.report.unusable_share <= self.blueprint.settings.quality.max_unusable_share

    def write(self) -> ReadDays:
        """Writes a file a day, empty ones too (a day without events is known to have none), and the account of them.

        Returns:
            All days that were read, these among them.
        """
        from ops_gpu.interactions.days.day_stamp import CONTENT, content_of

        home, name = self.blueprint.home, self.blueprint.name
        for day, frame in self.frames.items():
            write_frame(frame, home.interactions(name, day), {CONTENT: content_of(frame)})
        for day in self.changes.outside():  # before they are forgotten: what is cut off here is done by the next run
            path = home.interactions(name, day)
            if path.exists() and (self.changes.gone(day) or self.changes.unreadable(day)):
                # Nobody else has them, and it may be the clock that is wrong.
                _aside(self.blueprint, day).parent.mkdir(exist_ok=True)
                path.replace(_aside(self.blueprint, day))
            for made in (path, home.statistics(name, day)):
                remove(made)
        forget_days(self.blueprint, self.changes.outside())
        read = self.changes.read.changed(self.days, self.changes.outside())
        read.save(home, name)
        for day in self.days:
            remove(_aside(self.blueprint, day))
        return read


def _aside(blueprint: Blueprint, day: date) -> Path:
    path = blueprint.home.interactions(blueprint.name, day)
    return path.parent / OUTSIDE / path.name


def _kept(blueprint: Blueprint, day: date) -> Path:
    """Where the events of a day lie: aside, where it was none of events when others were read last."""
    path, aside = blueprint.home.interactions(blueprint.name, day), _aside(blueprint, day)
    return aside if aside.exists() and not path.exists() else path


def _version(before: ReadDays, day: date, path: str) -> str:
    return before[day].files.get(path, "") if day in before else ""


def _by_day(frame: pl.DataFrame, blueprint: Blueprint) -> dict[date, pl.DataFrame]:
    import polars as pl

    named = {path: portable(path, blueprint.place) for path in frame[FILE].unique()}
    rows = frame.with_columns(pl.col(FILE).replace(named), day=pl.col("timestamp").dt.date())
    return {key[0]: part for key, part in rows.partition_by("day", as_dict=True, include_key=False).items()}
