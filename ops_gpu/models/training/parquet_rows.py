"""ParquetRows: the feature rows of days on disk, as a model learns from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.features.feature_table import UNKNOWN_CODE
from ops_gpu.features.training_rows import HISTORY, TrainingRows
from ops_gpu.interactions.utc_days import day_end, day_start
from ops_gpu.models.training.loader import Loader
from ops_gpu.schema.schema import Schema


@dataclass(frozen=True)
class ParquetRows(TrainingRows):
    """Rows as `EventFeatures` makes them, in a Parquet file a day; batches hold what was known on the day of each.

    Memory is that of the loader's buffers, whatever the number of rows.

    Args:
        files: a file a day.
        columns: that batches have.
        items: number of item codes.
        sizes: number of codes of each column that may hold codes given out later; to a model of before, those are
            unknown.
        start: epoch seconds; None for the beginning.
        end: epoch seconds, exclusive; None for the end.
    """

    files: Mapping[date, Path]
    columns: Sequence[str]
    items: int
    sizes: Mapping[str, int]
    start: int | None = None
    end: int | None = None

    @classmethod
    def of(cls, files: Mapping[date, Path], columns: Schema, items: int, made_by: Schema) -> ParquetRows:
        """All rows.

        Args:
            files: a file a day.
            columns: of users and items, as the model knows them; their cardinalities are those of its workflow.
            items: number of item codes.
            made_by: the same columns, as the workflow gives them that made the rows.
        """
        codes = {column.name: column.cardinality for column in columns if column.cardinality}
        sizes = {name: size for name, size in codes.items() if size < (made_by[name].cardinality or 0)}
        if "item_id" in sizes:
            sizes[HISTORY] = items
        return cls(files, [*columns.names, HISTORY], items, sizes)

    def between(self, start: int | None, end: int) -> ParquetRows:
        low = max((moment for moment in (self.start, start) if moment is not None), default=None)
        return replace(self, start=low, end=end if self.end is None else min(end, self.end))

    def item_counts(self) -> npt.NDArray[np.int64]:
        return self._counts

    def batches(self, batch_size: int, seed: int) -> Loader:
        transform = self._known if self.sizes else None
        return Loader(self._paths, self.columns, batch_size, seed, transform=transform, where=self._wanted)

    @property
    def _paths(self) -> list[Path]:
        """The files of days that hold a moment of the range."""
        low = -np.inf if self.start is None else self.start
        high = np.inf if self.end is None else self.end
        return [path for day, path in sorted(self.files.items()) if day_end(day) > low and day_start(day) < high]

    @property
    def _wanted(self) -> pl.Expr:
        wanted = pl.col("label")
        if self.start is not None:
            wanted &= pl.col("timestamp") >= _moment(self.start)
        return wanted if self.end is None else wanted & (pl.col("timestamp") < _moment(self.end))

    @cached_property
    def _counts(self) -> npt.NDArray[np.int64]:
        counts = np.zeros(self.items, np.int64)
        for path in self._paths:
            rows = pl.scan_parquet(path, glob=False).filter(self._wanted).select("item_id")
            counts += np.bincount(self._known(rows.collect())["item_id"].to_numpy(), minlength=self.items)
        return counts

    def _known(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Codes beyond what the model has room for as unknown ones."""
        return frame.with_columns(
            _bounded(frame.schema[name], name, size) for name, size in self.sizes.items() if name in frame.columns
        )


def _moment(seconds: int) -> pl.Expr:
    return pl.from_epoch(pl.lit(seconds), "s").cast(pl.Datetime("us"))


def _bounded(dtype: pl.DataType, name: str, size: int) -> pl.Expr:
    def bounded(codes: pl.Expr) -> pl.Expr:
        return pl.when(codes < size).then(codes).otherwise(pl.lit(UNKNOWN_CODE, pl.Int32))

    return pl.col(name).list.eval(bounded(pl.element())) if isinstance(dtype, pl.List) else bounded(pl.col(name))
