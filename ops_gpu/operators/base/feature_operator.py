"""FeatureOperator: a step over Polars columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy.typing as npt
import polars as pl

from ops_gpu.graph.node import Step
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan

NumberFunction = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]
"""Numbers `[n]` to numbers; NaN is null."""


class FeatureOperator(Step, ABC):
    """A step that turns columns into columns, row by row: the same for a million rows and for one.

    A subclass is a frozen dataclass; it gives `transform`, and `output_names` and `output_schema` where these
    are not those of its input. Operators that learn something from data are `FittedOperator`.
    """

    numbers_only: ClassVar[bool] = False
    """True where columns of other than numbers are an error."""

    across_rows: ClassVar[bool] = False
    """True where the rows of one key must be together (`AcrossRows`)."""

    @abstractmethod
    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        """Expressions for the columns given.

        Args:
            columns: an expression a column taken.
            plan: gives types, and lookups where an expression will not do.
            state: what was learnt; empty for operators that learn nothing.

        Returns:
            An expression a column given, in the order of `output_names`.
        """

    def source(self, name: str, taken: Sequence[str]) -> str | None:
        """Which of the columns taken holds the same values as column `name` given; None where none does."""
        return None

    def on_numbers(self, name: str, state: NodeState) -> NumberFunction | None:
        """What `transform` makes of column `name` of numbers, in numpy and bit for bit; None: only a plan does.

        Null and NaN are not told apart, so an operator that does gives None.
        """
        return None
