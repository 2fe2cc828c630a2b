"""Plan: what a graph does to a frame, as a few stages of expressions and lookups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import polars as pl

from ops_gpu.operators.base.lookup_table import SMALL, LookupTable

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


@dataclass
class _Stage:
    """Columns that can be computed together, then lookups in what is there by then."""

    columns: list[pl.Expr] = field(default_factory=list)
    lookups: list[_Lookup] = field(default_factory=list)


@dataclass(frozen=True)
class _Lookup:
    keys: tuple[str, ...]
    table: LookupTable
    outputs: tuple[str, ...]
    in_lists: bool

    def eager(self, frame: pl.DataFrame) -> list[pl.Series]:
        keys = [frame.get_column(key) for key in self.keys]
        if self.in_lists:
            return [self.table.take_elements(keys[0], i).alias(name) for i, name in enumerate(self.outputs)]
        found = zip(self.table.take(keys), self.outputs, strict=True)
        return [column.alias(name) for column, name in found]

    def plan(self, frame: pl.DataFrame) -> pl.LazyFrame:
        """The outputs for many rows, apart from all other columns: wide joins copy what they need not."""
        if self.in_lists:
            return pl.DataFrame(self.eager(frame)).lazy()
        keys = frame.select(list(dict.fromkeys(self.keys))).lazy()
        return self.table.join(keys, self.keys, self.outputs).select(self.outputs)

    def lazy(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        if not self.in_lists:
            return self.table.join(frame, self.keys, self.outputs)
        return frame.with_columns(
            pl.col(self.keys[0])
            .map_batches(partial(self.table.take_elements, value=i), pl.List(dtype), is_elementwise=True)
            .alias(name)
            for i, (name, dtype) in enumerate(zip(self.outputs, self.table.value_dtypes, strict=True))
        )


class Plan:
    """Collects what operators ask for, then runs it on a frame: eager or lazy, one row or millions.

    Operators build expressions over the columns of the frame; where an expression will not do, they ask for a
    lookup, and get expressions over columns that the plan adds. Everything that can happen together lands in
    one stage, so that a typical workflow is one round of lookups and one select.

    Args:
        schema: types of the frame's columns.

    Attributes:
        kept: names of the columns that say which rows are there at all, for operators that look at other rows.

    Example:
        >>> plan = Plan({"price": pl.Int64()})
        >>> run = plan.finish({"price": pl.col("price") * 2})
        >>> run.eager(pl.DataFrame({"price": [1]})).item()
        2
    """

    def __init__(self, schema: Mapping[str, pl.DataType]) -> None:
        self._schema = dict(schema)
        self.kept: tuple[str, ...] = ()
        # Columns of stage s are computed at time 2s, lookups at 2s + 1; each sees what earlier times left.
        self._time = dict.fromkeys(schema, -1)
        self._stages: list[_Stage] = []

    def dtype(self, expr: pl.Expr) -> pl.DataType:
        """Type of an expression over the plan's columns."""
        if expr.meta.is_column():
            return self._schema[expr.meta.output_name()]
        return pl.LazyFrame(schema=self._schema).select(expr).collect_schema().dtypes()[0]

    def column(self, expr: pl.Expr) -> pl.Expr:
        """The same values as a column of their own, computed once; a bare column stays as it is."""
        return pl.col(self._named(expr))

    def lookup(self, names: Sequence[str], keys: Sequence[pl.Expr], table: LookupTable) -> list[pl.Expr]:
        """Values by key for every row (for every element, where a single key is a list).

        Args:
            names: names of the keys, for errors.
            keys: one expression a part of the key.
            table: where to look.

        Returns:
            One expression a value of the table.

        Raises:
            ValueError: when the keys are of another type than the table's.
        """
        dtypes = [self.dtype(key) for key in keys]
        table.check(names, dtypes)
        in_lists = isinstance(dtypes[0], pl.List)
        columns = tuple(self._named(key) for key in keys)
        time = self._next_time(columns, 1)
        outputs = tuple(self._add(pl.List(d) if in_lists else d, time) for d in table.value_dtypes)
        self._stages[time // 2].lookups.append(_Lookup(columns, table, outputs, in_lists))
        return [pl.col(output) for output in outputs]

    def finish(self, outputs: Mapping[str, pl.Expr], kept: Sequence[str] = ()) -> Program:
        """The program that computes these outputs, in this order.

        Args:
            outputs: expressions over the plan's columns.
            kept: columns that must all be true for a row to come out.
        """
        return Program(self._stages, outputs, kept)

    def _named(self, expr: pl.Expr) -> str:
        if expr.meta.is_column():
            return expr.meta.output_name()
        time = self._next_time(expr.meta.root_names(), 0)
        name = self._add(self.dtype(expr), time)
        self._stages[time // 2].columns.append(expr.alias(name))
        return name

    def _next_time(self, needed: Iterable[str], parity: int) -> int:
        """The first time of this parity (0 for columns, 1 for lookups) after all needed columns are there."""
        time = max((self._time[name] for name in needed), default=-1) + 1
        time += (time + parity) % 2
        while len(self._stages) <= time // 2:
            self._stages.append(_Stage())
        return time

    def _add(self, dtype: pl.DataType, time: int) -> str:
        name = f"computed column {len(self._schema)}"
        self._schema[name] = dtype
        self._time[name] = time
        return name


class Program:
    """What a finished plan does; made by `Plan.finish`."""

    def __init__(self, stages: Sequence[_Stage], outputs: Mapping[str, pl.Expr], kept: Sequence[str] = ()) -> None:
        self._stages = tuple(stages)
        self._kept = tuple(kept)
        self._names = tuple(outputs)
        self._exprs = [expr.alias(name) for name, expr in outputs.items()]
        self._bare = {n: e.meta.output_name() for n, e in outputs.items() if e.meta.is_column()}
        self._computed = [expr for expr in self._exprs if expr.meta.output_name() not in self._bare]

    def lazy(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The outputs as a lazy frame over this one, with its rows in their order."""
        for stage in self._stages:
            frame = frame.with_columns(stage.columns)
            for lookup in stage.lookups:
                frame = lookup.lazy(frame)
        return self._filtered(frame).select(self._exprs)

    def _filtered(self, frame: Frame) -> Frame:
        return frame.filter(pl.all_horizontal(self._kept)) if self._kept else frame

    def eager(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The outputs for the rows of this frame, which stays as it is."""
        for stage in self._stages:
            if stage.columns:
                frame = frame.with_columns(stage.columns)
            if stage.lookups:
                frame = frame.hstack(_looked_up(stage.lookups, frame))
        frame = self._filtered(frame)
        # Threads cost more than they gain for a few rows.
        select = frame.select_seq if frame.height <= SMALL else frame.select
        if not self._bare:
            return select(self._exprs)
        # A select costs tens of microseconds even for columns that are there: take those directly.
        ready = {name: frame.get_column(column).alias(name) for name, column in self._bare.items()}
        if self._computed:
            ready.update(select(self._computed).to_dict())
        return pl.DataFrame([ready[name] for name in self._names])


def _looked_up(lookups: Sequence[_Lookup], frame: pl.DataFrame) -> list[pl.Series]:
    if frame.height <= SMALL:
        return [column for lookup in lookups for column in lookup.eager(frame)]
    found = pl.collect_all([lookup.plan(frame) for lookup in lookups])
    return [column for columns in found for column in columns.get_columns()]
