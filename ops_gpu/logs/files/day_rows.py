"""DayRows: how many rows a day has in a file, and a hash by which to tell whether they are still the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

_WRAP = 1 << 64


@dataclass(frozen=True)
class DayRows:
    """The rows of one day.

    Args:
        rows: how many.
        hash: sum of their hashes modulo 2^64, whatever their order; of one version of Polars alone (`hashed_by`).
    """

    rows: int
    hash: int

    def __add__(self, other: DayRows) -> DayRows:
        return DayRows(self.rows + other.rows, (self.hash + other.hash) % _WRAP)


def hashed_by() -> str:
    """What the hashes depend on beside the rows."""
    import polars as pl

    return f"polars {pl.__version__}"


def rows_by_day(raw: pl.DataFrame, moments: pl.Series) -> dict[date, DayRows]:
    """The rows of each day, in order of the days; rows without a time belong to none.

    Args:
        raw: all columns that tell one event from another.
        moments: the time of each row, Datetime without a zone.
    """
    import polars as pl

    frame = raw.select(day=moments.cast(pl.Date), hash=pl.struct(pl.all()).hash(seed=0)).drop_nulls("day")
    # Summed by halves, for the sum of many whole hashes has no type.
    halves = {"low": pl.col("hash") & 0xFFFFFFFF, "high": pl.col("hash") // (1 << 32)}
    found = frame.group_by("day").agg(pl.len(), **{name: half.sum() for name, half in halves.items()}).sort("day")
    return {day: DayRows(rows, (low + (high << 32)) % _WRAP) for day, rows, low, high in found.iter_rows()}


def summed(parts: Iterable[Mapping[date, DayRows]]) -> dict[date, DayRows]:
    """The rows of several parts of a file together, in order of the days."""
    total: dict[date, DayRows] = {}
    for part in parts:
        for day, rows in part.items():
            total[day] = total[day] + rows if day in total else rows
    return dict(sorted(total.items()))


def days_to_json(days: Mapping[date, DayRows]) -> dict[str, list[int]]:
    """As JSON-ready values."""
    return {str(day): [found.rows, found.hash] for day, found in days.items()}


def days_of_json(values: Mapping[str, Any]) -> dict[date, DayRows]:
    """Back from `days_to_json`."""
    return {date.fromisoformat(day): DayRows(rows, found) for day, (rows, found) in values.items()}
