"""FoldedStatistics: what many days teach a workflow, read from few files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_assets.blueprint.code_version import code_version
from recsys_assets.tables.days.day_statistics import CODE, DayStatistics, statistics_settings

if TYPE_CHECKING:
    from ops_gpu.interactions.days.day_span import DaySpan
    from ops_gpu.interactions.days.folded_days import Fold
    from ops_gpu.workflow.statistics import Statistics
    from ops_gpu.workflow.workflow import Workflow

FOLDER = "statistics"


@dataclass(frozen=True)
class FoldedStatistics:
    """The statistics of days, merged once for each stretch of them and kept.

    Args:
        days: the statistics of each day.
        workflow: whose they are; its graph learns in one level.
    """

    days: DayStatistics
    workflow: Workflow

    def of(self, days: Sequence[date]) -> list[Statistics]:
        """What these days teach, in order of time: at most 7 parts of each length, whatever the number of days."""
        from ops_gpu.interactions.days.folded_days import FoldedDays

        if not days:
            return []
        home, name = self.days.blueprint.home, self.days.blueprint.name
        self.days.load(self.workflow, self.days.stale(days))  # made anew before a stretch is named after them
        files = {day: home.statistics(name, day) for day in days}
        folded = FoldedDays(files, home.folds(name) / "learned", self._merge, self._stamp, self._code())
        return [self._read(fold) for fold in folded.before(days[-1] + timedelta(days=1))]

    def _stamp(self, path: Path) -> str:
        return self.days.wanted(date.fromisoformat(path.name))

    def _code(self) -> str:
        """Graph, code, and columns: whatever is merged of others is of no use."""
        from ops_gpu.schema.raw_schema import raw_schema

        tables = raw_schema(self.days.users, self.days.items).to_dict()
        return code_version(CODE, {**statistics_settings(self.days.blueprint), "tables": tables})

    def _merge(self, parts: Sequence[Fold], span: DaySpan, folder: Path) -> None:
        from ops_gpu.workflow.statistics import Statistics

        Statistics.merge([self._read(part) for part in parts]).save(folder / FOLDER)

    def _read(self, fold: Fold) -> Statistics:
        from ops_gpu.workflow.statistics import Statistics

        if not fold.is_day:
            return Statistics.load(fold.path / FOLDER)
        [found] = self.days.load(self.workflow, [date.fromisoformat(fold.path.name)])
        return found
