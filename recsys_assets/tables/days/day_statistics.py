"""DayStatistics: the statistics of each day on disk, made anew where they are of another graph, code or type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.code_version import code_version
from recsys_assets.blueprint.graph_code import graph_code
from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.tables.tables import read_events

if TYPE_CHECKING:
    import polars as pl

    from ops_gpu.engines.engine import Engine
    from ops_gpu.logs import EntityTable
    from ops_gpu.workflow.statistics import Statistics
    from ops_gpu.workflow.workflow import Workflow

CODE = ("ops_gpu.workflow.workflow", "ops_gpu.workflow.default_workflow", "ops_gpu.schema.raw_schema")
FILE = "versions.json"


def statistics_settings(blueprint: Blueprint) -> dict[str, Any]:
    """Settings that decide what is counted: the graph, and the columns of the two tables that it is made from."""
    tables = {"users": blueprint.settings.users, "items": blueprint.settings.items}
    columns = {name: _columns(table) for name, table in tables.items() if table is not None}
    function = blueprint.settings.workflow
    source = None if function is None else graph_code(function, blueprint.place.base)
    return {"workflow": function, "source": source, **columns}


def _columns(table: EntityTable) -> dict[str, Any]:
    kinds = {name: getattr(table, name) for name in ("categorical", "continuous", "lists")}
    read = {kind: [name for name in names if name not in table.only_filters] for kind, names in kinds.items()}
    return {**read, "list_separator": table.list_separator if read["lists"] else None}


@dataclass
class DayStatistics:
    """Statistics of days, as the assets `statistics` and `workflow` need them.

    A day's statistics are of a graph, and the graph is of the columns that users and items have. Whoever reads a day
    gets statistics of today's graph, code, settings and events: where those on disk are of others, as after a new
    column in the YAML or a corrected file, they are made anew from that day's events, whichever asset was asked for.

    Args:
        blueprint: the recommender.
        users: its users table.
        items: its items table.
        engine: where to compute.
        remade: days that were made anew because they did not fit, in the order in which they were read.
    """

    blueprint: Blueprint
    users: pl.DataFrame
    items: pl.DataFrame
    engine: Engine | None = None
    remade: list[date] = field(default_factory=list)

    def make(self, workflow: Workflow, days: Iterable[date]) -> Iterator[tuple[date, Statistics]]:
        """Counts these days and writes what was counted, a day at a time."""
        made: dict[str, str] = {}
        try:
            for day in days:
                wanted = self.wanted(day)  # of the events that are there before they are read
                found = self.of_events(
                    workflow, read_events([self.blueprint.home.interactions(self.blueprint.name, day)])
                )
                found.save(self.blueprint.home.statistics(self.blueprint.name, day))
                made[str(day)] = wanted
                yield day, found
        finally:
            write_json({**self._versions(), **made}, self._versions_file)

    def load(self, workflow: Workflow, days: Sequence[date]) -> list[Statistics]:
        """The statistics of these days, which merge with those of any other day."""
        others = set(self.stale(days))
        found = {day: None if day in others else self._kept(workflow, day) for day in days}
        stale = [day for day, kept in found.items() if kept is None]
        self.remade += stale
        found |= dict(self.make(workflow, stale)) if stale else {}
        return [kept for kept in found.values() if kept is not None]

    def stale(self, days: Iterable[date]) -> list[date]:
        """Those of these days that have no statistics, or statistics of other events, another graph or other code."""
        home, name, versions = self.blueprint.home, self.blueprint.name, self._versions()
        known = {day: versions.get(str(day)) if home.statistics(name, day).exists() else None for day in days}
        return [day for day, version in known.items() if version != self.wanted(day)]

    def of_events(self, workflow: Workflow, events: pl.DataFrame) -> Statistics:
        """The statistics of some events; nothing is written."""
        from ops_gpu.schema.raw_schema import joined

        return workflow.partial(joined(events, self.users, self.items), engine=self.engine)

    def _kept(self, workflow: Workflow, day: date) -> Statistics | None:
        """The statistics on disk; None where there are none of this graph over columns of these types."""
        from ops_gpu.schema.raw_schema import raw_schema
        from ops_gpu.workflow.statistics import Statistics, merged_schema

        try:
            found = Statistics.load(self.blueprint.home.statistics(self.blueprint.name, day))
            merged_schema([found.schema, raw_schema(self.users, self.items)])
        except ValueError:
            return None
        return found if workflow.takes(found) else None

    def wanted(self, day: date) -> str:
        """What tells one content of a day, and of what is counted of it, from another."""
        from ops_gpu.interactions.days.day_stamp import day_stamp

        return f"{self._version} {day_stamp(self.blueprint.home.interactions(self.blueprint.name, day))}"

    @cached_property
    def _version(self) -> str:
        return code_version(CODE, statistics_settings(self.blueprint))

    @property
    def _versions_file(self) -> Path:
        return self.blueprint.home.statistics_folder(self.blueprint.name) / FILE

    def _versions(self) -> Mapping[str, str]:
        return dict(read_json(self._versions_file) or {})
