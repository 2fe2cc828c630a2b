"""MomentFeatures: what labels, counts and groups teach of users and items, as of the beginning of each day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.features.days.as_of_columns import AsOfColumns
from ops_gpu.features.days.past_statistics import PastStatistics
from ops_gpu.features.feature_table import FeatureTable
from ops_gpu.features.training_data import TrainingData
from ops_gpu.interactions.utc_days import as_day
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow

Codes = npt.NDArray[np.integer[Any]]
Columns = Callable[[Codes, Codes], Mapping[str, npt.NDArray[Any]]]
"""Gives the columns of rows, `[n, ...]` each, from the codes of their users and items, `[n]`."""


@dataclass(frozen=True)
class MomentFeatures:
    """Those columns of users and items that depend on the day of a row.

    Args:
        past: what days had taught.
        users: columns of users.
        items: columns of items.
    """

    past: PastStatistics
    users: AsOfColumns
    items: AsOfColumns

    @classmethod
    def of(
        cls,
        workflow: Workflow,
        users: pl.DataFrame,
        items: pl.DataFrame,
        days: Mapping[date, Path],
        load: Callable[[Path], Statistics],
        folder: Path,
    ) -> MomentFeatures:
        """Of a workflow, fitted, over raw features of users and items; the rest as in `PastStatistics`."""
        columns = AsOfColumns(users, "user_id", workflow), AsOfColumns(items, "item_id", workflow)
        return cls(PastStatistics(workflow, days, load, folder), *columns)

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [*self.users.names, *self.items.names]

    def at(self, moment: int, data: TrainingData) -> tuple[TrainingData, list[str]]:
        """The data with users and items as they stood at the beginning of a moment's day, and the columns that changed.

        Args:
            moment: epoch seconds.
            data: with users and items as they are now.
        """
        [known] = self.past.workflows([as_day(moment)])
        users, items = (
            FeatureTable({**table.columns, **columns.of(known, np.arange(table.size))}, table.size)
            for table, columns in ((data.users, self.users), (data.items, self.items))
        )
        return replace(data, users=users, items=items), self.names

    def days(self, days: Sequence[date]) -> Iterator[Columns]:
        """For each of some days that follow each other, what gives the columns of its rows."""
        for workflow in self.past.workflows(days):

            def columns(users: Codes, items: Codes, known: Workflow = workflow) -> Mapping[str, npt.NDArray[Any]]:
                return {**self.users.of(known, users), **self.items.of(known, items)}

            yield columns
