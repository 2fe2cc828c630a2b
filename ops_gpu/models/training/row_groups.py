"""Rows of Parquet files in pieces that can be read by themselves: the row groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from ops_gpu.primitives.ragged import Ragged

Values = npt.NDArray[Any] | Ragged
"""A column of rows: an array, or a list a row."""


@dataclass(frozen=True)
class RowGroup:
    """Some neighbouring rows of one file.

    Args:
        path: the file.
        first: the first of them, counted from the beginning of the file.
        rows: how many.
    """

    path: Path
    first: int
    rows: int

    @classmethod
    def of_files(cls, files: Sequence[Path]) -> list[RowGroup]:
        """All row groups that hold a row, file by file; footers alone are read."""
        found = []
        for path in files:
            first, footer = 0, pq.read_metadata(path)
            for number in range(footer.num_row_groups):
                rows = footer.row_group(number).num_rows
                found += [cls(path, first, rows)] if rows else []
                first += rows
        return found

    def read(self, columns: Sequence[str], where: pl.Expr | None = None) -> pl.DataFrame:
        """Some columns of these rows.

        Args:
            columns: the columns.
            where: which of the rows; it may read others.
        """
        rows = pl.scan_parquet(self.path, glob=False).slice(self.first, self.rows)
        return (rows if where is None else rows.filter(where)).select(columns).collect()

    def count(self, where: pl.Expr) -> int:
        """How many of these rows are wanted."""
        rows = pl.scan_parquet(self.path, glob=False).slice(self.first, self.rows)
        return int(rows.filter(where).select(pl.len()).collect().item())


def to_values(frame: pl.DataFrame) -> dict[str, Values]:
    """Columns as arrays: integers as int32 where they are no longer, fractions as float32, lists as `Ragged`.

    Raises:
        ValueError: for a column with nulls, or of a type that no model reads; names it.
    """
    return {column.name: _values(column) for column in frame}


def take(columns: Mapping[str, Values], rows: npt.NDArray[np.integer[Any]]) -> dict[str, Values]:
    """The rows at these positions, in this order."""
    return {n: v.take(rows) if isinstance(v, Ragged) else v[rows] for n, v in columns.items()}


def between(columns: Mapping[str, Values], start: int, stop: int) -> dict[str, Values]:
    """The rows from `start` to before `stop`, without a copy."""
    return {n: v.between(start, stop) if isinstance(v, Ragged) else v[start:stop] for n, v in columns.items()}


def joined(parts: Sequence[Mapping[str, Values]]) -> dict[str, Values]:
    """The rows of several parts, at least one, one after another."""
    return {name: _concatenated([part[name] for part in parts]) for name in parts[0]}


def _concatenated(parts: Sequence[Values]) -> Values:
    lists = [part for part in parts if isinstance(part, Ragged)]
    if not lists:
        return np.concatenate([part for part in parts if not isinstance(part, Ragged)])
    return Ragged.from_lengths(
        np.concatenate([part.values for part in lists]), np.concatenate([part.lengths for part in lists])
    )


def _values(column: pl.Series) -> Values:
    if column.null_count():
        raise ValueError(
            f"column {column.name!r} has {column.null_count()} nulls, expected a value a row; fill them (FillMissing)."
        )
    if isinstance(column.dtype, pl.List):
        lengths = column.list.len().to_numpy()
        inner = column.list.explode(empty_as_null=False).alias(column.name)
        return Ragged.from_lengths(_array(inner), lengths)
    return _array(column)


def _array(column: pl.Series) -> npt.NDArray[Any]:
    if column.dtype in (pl.Boolean, pl.Int8, pl.Int16, pl.UInt8, pl.UInt16):
        return column.cast(pl.Int32).to_numpy()
    if column.dtype == pl.Float64:
        return column.cast(pl.Float32).to_numpy()
    if column.dtype in (pl.Datetime, pl.Date):
        return column.dt.epoch("s").cast(pl.Int64).to_numpy()
    if not column.dtype.is_numeric():
        raise ValueError(f"column {column.name!r} is of type {column.dtype}, expected numbers, times or lists of them.")
    return column.to_numpy()
