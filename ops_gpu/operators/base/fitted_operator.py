"""FittedOperator: a step that learns from data, by statistics that merge."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import polars as pl

from ops_gpu.engines.engine import Engine
from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.schema.schema import Schema

# Names, in the frame that `partial` sees, of a raw column and of the row's content hash.
RAW = "raw "
ROW_HASH = "row hash"


class FittedOperator(FeatureOperator):
    """Four pure functions: partial, merge, finalize, transform.

    `partial` turns rows into small frames of sufficient statistics, one a unit (a column, or a group of
    columns). `merge` makes one frame of several, in any order and grouping. `finalize` makes of it the state
    that `transform` needs. Files can so be read in any order, on any machine, and a new day does not need
    the old ones.

    Attributes:
        registers: True where values without events matter (a catalogue item still needs a code); only these
            take part in `Workflow.partial(frame, weight=0)`.
        scales: True where what is learnt is the scale of numbers: models that know a number by it can go on only as
            long as it stays (`Workflow.finalize(keep_scales=True)`).
        as_of: True where labels, counts or groups teach what is learnt: a row of a past day must see what was known by
            then (`Workflow.as_of`).
        folds: True where training rows are transformed otherwise than rows to come (`transform_training`).
    """

    registers: ClassVar[bool] = False
    scales: ClassVar[bool] = False
    as_of: ClassVar[bool] = False
    folds: ClassVar[bool] = False

    def dependencies(self) -> tuple[str, ...]:
        """Raw columns that `partial` reads beside its own, under the name `RAW` + column (a target)."""
        return ()

    def row_content(self, raw: Sequence[str]) -> tuple[str, ...]:
        """Raw columns whose content puts a row in a fold; where there are any, `partial` finds their hash as
        column `ROW_HASH` (UInt64).

        Args:
            raw: the raw columns that hold no lists.
        """
        return ()

    @abstractmethod
    def units(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Names of the units that these columns make."""

    def apart(self, columns: Sequence[str]) -> list[tuple[str, ...]]:
        """The columns in sets that can be learnt about apart, by different workers; all together by default."""
        return [tuple(columns)]

    @abstractmethod
    def partial(self, frame: pl.LazyFrame, columns: Sequence[str], weight: int) -> dict[str, pl.LazyFrame]:
        """Statistics of some rows.

        Args:
            frame: the columns taken, and the dependencies.
            columns: names of the columns taken.
            weight: 1, or 0 where rows only register their values.

        Returns:
            One plan of a small frame a unit.
        """

    def collect(
        self, frame: pl.LazyFrame, columns: Sequence[str], weight: int, engine: Engine
    ) -> dict[str, pl.DataFrame]:
        """What the plans of `partial` give; one after another, which is faster than all at once and takes
        less memory, where a subclass does not know better.
        """
        return {unit: engine.collect(plan) for unit, plan in self.partial(frame, columns, weight).items()}

    @abstractmethod
    def merge(self, unit: str, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """One frame of several; associative and commutative, up to the order of rows."""

    @abstractmethod
    def finalize(
        self, tables: Mapping[str, pl.DataFrame], previous: Mapping[str, pl.DataFrame] | None
    ) -> dict[str, pl.DataFrame]:
        """The state from merged statistics, and from the state before, where there is one."""

    def extend(
        self,
        before: Mapping[str, Sequence[pl.DataFrame]],
        new: Mapping[str, pl.DataFrame],
        both: Mapping[str, pl.DataFrame],
        previous: Mapping[str, pl.DataFrame],
    ) -> dict[str, pl.DataFrame]:
        """As `finalize(both, previous)`, where `previous` was learnt from `before`; cheaper where a subclass can.

        Args:
            before: statistics of the old rows, by unit one frame or several that were not merged.
            new: those of the new rows.
            both: the two together, merged when asked for.
            previous: the state before.
        """
        return self.finalize(both, previous)

    def training_state(self, tables: Mapping[str, pl.DataFrame]) -> Mapping[str, Any]:
        """What `transform_training` needs of the merged statistics, made once and sent to every worker."""
        return {}

    def transform_training(
        self,
        columns: Mapping[str, pl.Expr],
        plan: Plan,
        state: NodeState,
        training: Mapping[str, Any],
        row_hash: pl.Expr | None,
    ) -> dict[str, pl.Expr]:
        """`transform` for the very rows that were fitted on; other than `transform` where these would leak.

        Args:
            columns: an expression a column taken.
            plan: gives types and lookups.
            state: what was learnt.
            training: of `training_state`; empty for operators that do not tell folds apart.
            row_hash: the row's content, as `partial` saw it; None for operators without `row_content`.
        """
        return self.transform(columns, plan, state)

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        """Schema of the columns given; with the state, domains too."""
        return schema
