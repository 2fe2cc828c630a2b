"""GroupedProgram: what a graph does to a frame whose rows become groups on the way."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from ops_gpu.operators.base.plan import Program


class GroupedProgram:
    """Runs one program on the rows, groups them, and runs another one on the groups.

    Args:
        before: gives the columns that the grouping takes.
        group: makes one row a group.
        after: works on the groups.
    """

    def __init__(
        self,
        before: Program | GroupedProgram,
        group: Callable[[pl.LazyFrame], pl.LazyFrame],
        after: Program,
    ) -> None:
        self._before, self._group, self._after = before, group, after

    def lazy(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The outputs as a lazy frame over this one."""
        return self._after.lazy(self._group(self._before.lazy(frame)))

    def eager(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The outputs for the rows of this frame, which stays as it is."""
        return self._after.eager(self._group(self._before.eager(frame).lazy()).collect())
