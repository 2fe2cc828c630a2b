"""RowFilter: what operators share that leave rows out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence

import polars as pl

from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan


class RowFilter(FeatureOperator):
    """Leaves rows out, of all columns that the workflow gives alike, so that they stay aligned.

    What learns above it learns from the rows that are kept, what learns beside it from all rows. Operators that look
    at other rows (lags, sessions, groups) see those that are kept below them.
    """

    def required(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(names)

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        return {*outputs, *self.required(names)}

    @abstractmethod
    def keeps(self, columns: Mapping[str, pl.Expr], plan: Plan) -> pl.Expr:
        """Whether to keep a row; null is no."""

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return dict(columns)

    def source(self, name: str, taken: Sequence[str]) -> str | None:
        return name
