"""Blueprint: what every asset of one recommender needs to know when it is defined."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import dagster as dg

from ops_gpu.logs import LogError, LogPlace
from recsys_assets.blueprint.asset_names import CHAIN, INDEXED, SERVED
from recsys_assets.blueprint.code_version import code_version
from recsys_assets.blueprint.log_days import LogDays
from recsys_assets.blueprint.model_families import dense_models
from recsys_assets.blueprint.partitions import day_partitions, served_partitions
from recsys_assets.blueprint.read_days import ReadDays
from recsys_assets.blueprint.served_log import ServedLog
from recsys_assets.settings.recommender_settings import RecommenderSettings
from resources.environment import path_variables
from resources.home import Home, checked_name

Stage = Literal["data", "features", "models", "release"]


@dataclass(frozen=True)
class Blueprint:
    """One recommender, as its assets see it.

    Args:
        name: name and key prefix.
        settings: what its YAML says.
        home: where it writes.
        place: base folder and variables of the paths of its logs.
        partitions: its days.
        served_days: days that it served, which are not days of its log.
        problem: why its log cannot be looked at yet, None when it can; materializing then says the same.
    """

    name: str
    settings: RecommenderSettings
    home: Home
    place: LogPlace
    partitions: dg.DailyPartitionsDefinition
    served_days: dg.DailyPartitionsDefinition
    problem: str | None = field(default=None)

    @classmethod
    def draw(cls, settings: RecommenderSettings, folder: Path, home: Home) -> Blueprint:
        """The blueprint of a YAML in a folder.

        Looks at the log only where the YAML leaves a date open. A log that cannot be read is no error here:
        the other recommenders must load, and this one's assets will say what is wrong.
        """
        folder = folder if folder.is_dir() else folder.parent
        name = named(settings, folder)
        place = LogPlace(folder, path_variables(home))
        problem = None
        try:
            first, last = _span(name, settings, home, place)
        except LogError as error:
            first, last = _kept_span(name, settings, home)
            problem = str(error)
        days = day_partitions(first, last, settings.start, settings.end)
        served = served_partitions(ServedLog(name, home).first(datetime.now(UTC).date()))
        return cls(name, settings, home, place, days, served, problem)

    def span(self) -> tuple[date, date]:
        """First and last day that there is data for, of those that it takes.

        Raises:
            LogError: when the log cannot be read, or holds nothing within these dates.
        """
        first, last = _raw_span(self.name, self.settings, self.home, self.place)
        start, end = self.settings.start or first, self.settings.end
        begin, finish = max(first, start), last if end is None else min(last, end - timedelta(days=1))
        oldest, yesterday = self.partitions.start.date(), datetime.now(UTC).date() - timedelta(days=1)
        if finish >= begin > yesterday:
            raise LogError(
                f"the log of {self.name!r} begins on {begin}, which is not over (UTC); a day is taken in once it is."
            )
        if begin <= finish < oldest:
            raise LogError(
                f"the log of {self.name!r} ends on {finish}, before the first day that is known here ({oldest}); "
                "reload the code location."
            )
        begin, finish = max(begin, oldest), min(finish, yesterday)
        if finish < begin:
            path = self.place.resolve(self.settings.interactions.source.path)
            raise LogError(
                f"the days {start} to {end or 'now'} (end excluded) lie outside the data: '{path}' runs from "
                f"{first} to {last}; correct start and end in the YAML."
            )
        return begin, finish

    def takes(self, day: date) -> bool:
        """Whether a day is one of this recommender's: from its first one on, over, and before the end in the YAML.

        Days that came after this was drawn are: a run draws it anew. Those before the first one are known once the code
        location is loaded again.
        """
        today = datetime.now(UTC).date()
        return self.partitions.start.date() <= day < min(today, self.settings.end or today)

    def log_days(self) -> LogDays:
        """The days in the raw log, as it is now.

        Raises:
            LogError: when there is no file.
        """
        return look(self.name, self.settings, self.home, self.place)

    def key(self, asset: str) -> dg.AssetKey:
        """Key of one of this recommender's assets."""
        return dg.AssetKey([self.name, asset])

    @property
    def selection(self) -> dg.AssetSelection:
        """All assets of this recommender but `served_requests`, whose days are others."""
        return dg.AssetSelection.key_prefixes([self.name]) - dg.AssetSelection.assets(self.key(SERVED))

    @property
    def chain(self) -> list[dg.AssetKey]:
        """Keys of everything that a new log file changes: all but generated raw logs."""
        left_out = () if dense_models(self.settings) else INDEXED
        return [self.key(asset) for asset in CHAIN if asset not in left_out]

    @property
    def identifier(self) -> str:
        """The name as Dagster takes it for sensors, schedules and groups."""
        return re.sub(r"\W", "_", self.name)

    def asset(
        self,
        name: str,
        stage: Stage,
        description: str,
        *,
        kinds: Iterable[str],
        after: Iterable[str],
        code: Iterable[str],
        settings: Mapping[str, Any] | None = None,
        condition: dg.AutomationCondition[dg.AssetKey] | None = None,
        days: dg.DailyPartitionsDefinition | None = None,
        optional: bool = False,
    ) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
        """`dg.asset`, with all that the assets of a recommender have alike.

        Args:
            name: the asset.
            stage: where it belongs; becomes the group.
            description: shown in the UI, Markdown.
            kinds: what it is made with; icons in the UI.
            after: names of this recommender's assets that it reads.
            code: modules whose change makes it stale.
            settings: settings whose change makes it stale.
            condition: when to rebuild it unasked.
            days: its partitions; None for what is built as a whole.
            optional: whether it may give nothing (`leave_out`), which leaves out all below it too.
        """
        return dg.asset(
            key=self.key(name),
            group_name=f"{self.identifier}_{stage}",
            description=description,
            kinds=set(kinds),
            deps=[self.key(other) for other in after],
            owners=list(self.settings.owners),
            tags={"recommender": self.name, "stage": stage},
            code_version=code_version(code, settings),
            automation_condition=condition,
            partitions_def=days,
            backfill_policy=dg.BackfillPolicy.single_run(),
            output_required=not optional,
        )


def named(settings: RecommenderSettings, folder: Path) -> str:
    """The name of a recommender: what its YAML says, else that of the YAML's folder.

    Raises:
        ValueError: when the folder's name cannot be one.
    """
    return settings.name or checked_name(folder.name)


def _span(name: str, settings: RecommenderSettings, home: Home, place: LogPlace) -> tuple[date, date]:
    """Days that decide the partitions; the log is only looked at where the YAML leaves a date open."""
    if settings.start and settings.end:
        return settings.start, settings.end
    first, last = _raw_span(name, settings, home, place)
    return first, max([last, *_unreadable_days(name, settings, home, place)])


def _unreadable_days(name: str, settings: RecommenderSettings, home: Home, place: LogPlace) -> set[date]:
    """Days in the names of files that cannot be read: a run of such a day says why."""
    try:
        log = look(name, settings, home, place)
    except LogError:  # nothing was generated so far
        return set()
    named = {day for entry in log.files.values() if entry.error for day in entry.days}
    return {day for day in named if log.bounds.holds(day)}


def _kept_span(name: str, settings: RecommenderSettings, home: Home) -> tuple[date, date]:
    """The days of which events are kept, of a log that cannot be read at all; yesterday before there are any."""
    with suppress(LogError):
        if kept := {day for day in ReadDays.with_events(home, name) if day <= latest(settings).date()}:
            return min(kept), max(kept)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    return yesterday, yesterday


def _raw_span(name: str, settings: RecommenderSettings, home: Home, place: LogPlace) -> tuple[date, date]:
    """First and last day of the raw log; of a generated one, also of what it will hold once generated."""
    kept = ReadDays.with_events(home, name)  # of files that may be gone
    if settings.generator is None:
        log = look(name, settings, home, place)
        span = log.span(place.resolve(settings.interactions.source.path))
        days = {*span, *filter(log.bounds.holds, kept)}
        return min(days), max(days)
    first = settings.generator.start
    days = {first, first + timedelta(days=settings.generator.days - 1), *kept}
    with suppress(LogError):  # nothing was generated so far
        days |= look(name, settings, home, place).days
    return min(days), max(days)


def look(name: str, settings: RecommenderSettings, home: Home, place: LogPlace) -> LogDays:
    """The days in a raw log, remembered in the recommender's folder."""
    memory = home.recommender(name) / "log_days.json"
    kept = ReadDays.with_events(home, name)
    return LogDays.look(settings.interactions, place, memory, latest(settings), settings.start, kept)


def latest(settings: RecommenderSettings) -> datetime:
    """The last moment (UTC) that an event may have now."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(days=settings.quality.max_days_ahead)


def as_days(keys: Iterable[str]) -> list[date]:
    """Partition keys as days."""
    return [date.fromisoformat(key) for key in keys]
