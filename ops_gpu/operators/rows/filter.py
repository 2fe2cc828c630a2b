"""Filter: rows that meet a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

from ops_gpu.expressions.other_rows import other_rows
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.base.row_filter import RowFilter


@dataclass(frozen=True, repr=False)
class Filter(RowFilter):
    """Keeps the rows for which a condition is true; null is not.

    Every column that the workflow gives loses the same rows (NVTabular's leaves the columns of other branches as they
    are, and so puts values side by side that never belonged together).

    Args:
        f: the condition, an SQL expression over the columns taken, such as `clicked = 1 AND price > 0`. NVTabular
            takes a function, which cannot be saved.

    Raises:
        ValueError: when the condition is no SQL expression, or reads a column that is not taken.

    Example:
        >>> node = (["price", "clicked"] >> Filter("clicked = 1")) + ["user_id"]
    """

    f: str

    def __post_init__(self) -> None:
        across = other_rows(self._condition())
        if across is not None:
            raise ValueError(
                f"Filter has the condition {self.f!r}, which looks at other rows ({across}); compare columns "
                "and numbers alone: a row must be kept or not whatever stands beside it."
            )
        if not self._condition().meta.root_names():
            raise ValueError(f"Filter has the condition {self.f!r}, which reads no column; compare one.")

    def _condition(self) -> pl.Expr:
        try:
            return pl.sql_expr(self.f)
        except (pl.exceptions.PolarsError, TypeError) as error:
            raise ValueError(
                f"Filter has the condition {self.f!r}, which is no SQL expression ({str(error).splitlines()[0]}); "
                "write one such as 'price > 0'."
            ) from error

    def required(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._condition().meta.root_names())

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        lacking = [name for name in self._condition().meta.root_names() if name not in names]
        if lacking:
            raise ValueError(
                f"Filter({self.f!r}) reads column {lacking[0]!r}, and takes {', '.join(names)}; select it too."
            )
        return tuple(names)

    def keeps(self, columns: Mapping[str, pl.Expr], plan: Plan) -> pl.Expr:
        condition = self._condition()
        given = {name: plan.column(columns[name]) for name in condition.meta.root_names()}
        if all(expr.meta.output_name() == name for name, expr in given.items()):
            return condition
        # Read under its own name, a column would be the raw one, and not what the graph made of it.
        rows = pl.struct(expr.alias(name) for name, expr in given.items())
        return rows.map_batches(partial(_met, condition=self.f), pl.Boolean(), is_elementwise=True)


def _met(rows: pl.Series, condition: str) -> pl.Series:
    return rows.struct.unnest().select(pl.sql_expr(condition).cast(pl.Boolean)).to_series()
