"""GivenTables: a step whose state is handed to it, not learned from rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import polars as pl

from ops_gpu.operators.base.fitted_operator import FittedOperator


class GivenTables(FittedOperator):
    """Tables that are given when the operator is made, are saved with the workflow, and stay until the next full fit.

    Rows of data teach nothing: there are no units, and whatever rows are fitted on gives the same state.
    """

    registers: ClassVar[bool] = True  # rows teach nothing, so those without events will do too

    @abstractmethod
    def given_tables(self) -> dict[str, pl.DataFrame]:
        """The tables by name.

        Raises:
            ValueError: when there are none, as in an operator that was read from the description of a graph.
        """

    def units(self, columns: Sequence[str]) -> tuple[str, ...]:
        return ()

    def partial(self, frame: pl.LazyFrame, columns: Sequence[str], weight: int) -> dict[str, pl.LazyFrame]:
        return {}

    def merge(self, unit: str, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        return frames[0]

    def finalize(
        self, tables: Mapping[str, pl.DataFrame], previous: Mapping[str, pl.DataFrame] | None
    ) -> dict[str, pl.DataFrame]:
        return dict(previous) if previous else self.given_tables()
