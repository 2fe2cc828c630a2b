"""TrainingDays: what a workflow learns from, and the same with another future."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from ops_gpu.interactions.utc_days import day_end, day_start
from recsys_assets.tables.days.day_statistics import DayStatistics
from recsys_assets.tables.days.folded_statistics import FoldedStatistics
from recsys_assets.tables.tables import event_files, read_events

if TYPE_CHECKING:
    import polars as pl

    from ops_gpu.workflow.statistics import Statistics
    from ops_gpu.workflow.workflow import Workflow


@dataclass(frozen=True)
class TrainingDays:
    """The materialized days that may be learned from.

    Args:
        statistics: of each day, with the tables that features come from.
        days: in order.
        poison: epoch seconds from which on events are others than they were, to see who looks at them; None for the
            truth.
    """

    statistics: DayStatistics
    days: Sequence[date]
    poison: int | None = None

    @classmethod
    def of(cls, statistics: DayStatistics) -> TrainingDays:
        """All materialized days.

        Raises:
            FileNotFoundError: when there is none.
        """
        return cls(statistics, [date.fromisoformat(path.stem) for path in event_files(statistics.blueprint)])

    def before(self, end: int) -> TrainingDays:
        """The days that are over at `end`, in epoch seconds."""
        return replace(self, days=[day for day in self.days if day_end(day) <= end])

    def poisoned(self, moment: int) -> TrainingDays:
        """The same days, with other events from a moment on."""
        return replace(self, poison=moment)

    def events(self) -> pl.DataFrame:
        """Canonical events of these days, in order of time."""
        return self._truly(self.days)

    def partials(self, workflow: Workflow) -> list[Statistics]:
        """Statistics of these days, those of many days in one."""
        folded = FoldedStatistics(self.statistics, workflow)
        if self.poison is None:
            return folded.of(self.days)
        true = [day for day in self.days if day_end(day) <= self.poison]
        other = [self.statistics.of_events(workflow, self._truly([day])) for day in self.days if day not in true]
        return folded.of(true) + other

    def _truly(self, days: Sequence[date]) -> pl.DataFrame:
        from ops_gpu.evaluation.poison import poisoned_interactions

        blueprint = self.statistics.blueprint
        events = read_events([blueprint.home.interactions(blueprint.name, day) for day in days])
        if self.poison is None or not days or day_end(days[-1]) <= self.poison:
            return events
        return poisoned_interactions(events, max(self.poison, day_start(days[0])))
