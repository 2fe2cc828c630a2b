"""DayReading: some days of the raw log as they are now, with what is kept of files that are gone."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import finalize

from ops_gpu.primitives.atomic_directory import remove_directory
from ops_gpu.primitives.atomic_file import ASIDE
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
    """What was read, before anything takes the place of what was there; of a stretch of days at a time.

    Args:
        blueprint: the recommender.
        changes: the log as it is, beside what was read of it before.
        place: folder with the events of each day, those that are kept among them, and the file of each (`__file__`).
            It goes with this object.
        days: the account of each day.
        counted: `events`, `positive` ones, `users` and `items` of each day.
        report: what could not be used.
    """

    blueprint: Blueprint
    changes: ChangedDays
    place: Path
    days: Mapping[date, ReadDay]
    counted: Mapping[date, Mapping[str, int]]
    report: CleanReport

    def __post_init__(self) -> None:
        finalize(self, remove_directory, self.place)

    @classmethod
    def of(cls, blueprint: Blueprint, days: Sequence[date], drop: bool) -> DayReading:
        """Reads these days.

        Args:
            blueprint: the recommender.
            days: in order, one at least.
            drop: whether events of files that are gone are let go.

        Raises:
            LogError: when a file cannot be read, or kept events do not fit to what is read now.
        """
        from ops_gpu.interactions.days.day_stamp import CONTENT, content_of
        from ops_gpu.logs import CleanReport, read_by_stretches

        log, place, settings = blueprint.log_days(), blueprint.place, blueprint.settings.interactions
        before = ReadDays.of_before(blueprint.home, blueprint.name, log.files, place)
        changes, types = ChangedDays(log, before, place, drop), id_types(blueprint)
        files, record, report = changes.files, dict[date, ReadDay](), CleanReport()
        counted, aside = dict[date, Mapping[str, int]](), _new_place(blueprint)
        parts = read_by_stretches(settings, place, types, days, log.files, log.bounds)
        try:
            for stretch, read in parts:
                by_day, none = _by_day(read.frame, blueprint), read.frame.clear()
                report = report.plus(read.report)
                for day in stretch:
                    mine, gone = by_day.pop(day, none), set() if drop else changes.gone(day, files)
                    path, damaged = _kept(blueprint, day), changes.unreadable(day)
                    gone |= files_of(path) if path.parent.name == OUTSIDE and not drop else set()
                    kept = kept_rows(path, gone | damaged, mine)
                    frame = mine if kept.is_empty() else mine.vstack(kept).sort("timestamp", maintain_order=True)
                    versions = {path: e.version(day) for path, e in files.items() if not e.error and day in e.by_day}
                    counts, of = dict(frame[FILE].value_counts().iter_rows()), set(kept[FILE].unique())
                    versions |= {path: _version(before, day, path) for path in gone | damaged if {path, UNKNOWN} & of}
                    of_gone = kept.height - int(kept[FILE].is_in(list(damaged)).sum())
                    record[day], counted[day] = ReadDay(frame.height, versions, of_gone, counts), _counts(frame)
                    write_frame(frame, aside / f"{day}.parquet", {CONTENT: content_of(frame)})
                del read, by_day  # before the next stretch is read
        except BaseException:
            remove_directory(aside)
            raise
        return cls(blueprint, changes, aside, record, counted, report)

    @property
    def events(self) -> pl.LazyFrame:
        """All events, by day, as long as they are not written."""
        import polars as pl

        return pl.scan_parquet([self.place / f"{day}.parquet" for day in self.days], glob=False).drop(FILE)

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
        """Puts a file a day where all read it, empty ones too (a day without events is known to have none), and the
        account of them.

        Returns:
            All days that were read, these among them.
        """
        home, name = self.blueprint.home, self.blueprint.name
        for day in self.days:
            (self.place / f"{day}.parquet").replace(home.interactions(name, day))
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


def _new_place(blueprint: Blueprint) -> Path:
    folder = blueprint.home.interactions_folder(blueprint.name)
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=ASIDE, dir=folder))


def _aside(blueprint: Blueprint, day: date) -> Path:
    path = blueprint.home.interactions(blueprint.name, day)
    return path.parent / OUTSIDE / path.name


def _kept(blueprint: Blueprint, day: date) -> Path:
    """Where the events of a day lie: aside, where it was none of events when others were read last."""
    path, aside = blueprint.home.interactions(blueprint.name, day), _aside(blueprint, day)
    return aside if aside.exists() and not path.exists() else path


def _counts(frame: pl.DataFrame) -> dict[str, int]:
    different = {"users": frame["user_id"].n_unique(), "items": frame["item_id"].n_unique()}
    return {"events": frame.height, "positive": int(frame["label"].sum()), **different}


def _version(before: ReadDays, day: date, path: str) -> str:
    return before[day].files.get(path, "") if day in before else ""


def _by_day(frame: pl.DataFrame, blueprint: Blueprint) -> dict[date, pl.DataFrame]:
    import polars as pl

    named = {path: portable(path, blueprint.place) for path in frame[FILE].unique()}
    rows = frame.with_columns(pl.col(FILE).replace(named), day=pl.col("timestamp").dt.date())
    return {key[0]: part for key, part in rows.partition_by("day", as_dict=True, include_key=False).items()}
