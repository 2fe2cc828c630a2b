"""PastStatistics: what days had taught a workflow by the beginning of any day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from ops_gpu.interactions.days.day_span import DaySpan
from ops_gpu.interactions.days.folded_days import Fold, FoldedDays
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow

FOLDER = "statistics"


@dataclass(frozen=True)
class PastStatistics:
    """Statistics of days, folded, of those operators alone whose state is that of a moment.

    Args:
        workflow: fitted.
        days: what the statistics of each day are read from: a file or folder a day.
        load: reads one.
        folder: where to keep what was folded, of this graph alone; it can be removed at any time.
    """

    workflow: Workflow
    days: Mapping[date, Path]
    load: Callable[[Path], Statistics]
    folder: Path

    def workflows(self, days: Sequence[date]) -> Iterator[Workflow]:
        """The workflow as it was known at the beginning of days that follow each other, without a day between them."""
        learned: Statistics | None = None
        for number, day in enumerate(days):
            if number == 0:
                parts = [self._read(fold) for fold in self._folded.before(day)]
            else:
                parts = [*([learned] if learned else []), self._day(self.days[days[number - 1]])]
            learned = Statistics.merge(parts) if parts else None
            yield self.workflow.as_of(learned)

    @cached_property
    def _folded(self) -> FoldedDays:
        return FoldedDays(self.days, self.folder, self._merge)

    def _merge(self, parts: Sequence[Fold], span: DaySpan, folder: Path) -> None:
        Statistics.merge([self._read(part) for part in parts]).save(folder / FOLDER)

    def _read(self, fold: Fold) -> Statistics:
        return self._day(fold.path) if fold.is_day else Statistics.load(fold.path / FOLDER)

    def _day(self, path: Path) -> Statistics:
        return self.load(path).only(self.workflow.as_of_nodes)
