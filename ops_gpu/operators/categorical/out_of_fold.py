"""OutOfFold: means of a target by category, from all rows outside a fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.operators.base.lookup_table import LookupTable

Means = float | Sequence[float] | None


@dataclass(frozen=True)
class OutOfFold:
    """Values by category and fold.

    Args:
        places: the row of a category in `values`; that behind the last for an unknown one.
        values: float64 `[targets, categories + 1, folds]`; the last row holds the means of all categories.
    """

    places: LookupTable
    values: npt.NDArray[np.float64]

    @classmethod
    def of(cls, table: pl.DataFrame, targets: int, folds: int, smoothing: float, given: Means = None) -> OutOfFold:
        """From counts and sums by category and fold.

        Args:
            table: columns `key...`, `fold`, and `count<i>` and `sum<i>` of each target.
            targets: number of targets.
            folds: number of folds.
            smoothing: weight of the mean of all, in rows.
            given: means of all to use instead of those of the rows.
        """
        keys = [name for name in table.columns if name.startswith("key")]
        # Rows of one category lie side by side (`merge` sorts them): its number is how many began before.
        first = table.select(pl.struct(keys).rle_id()).to_series().to_numpy()
        fold = table["fold"].to_numpy()
        size = int(first[-1]) + 1 if len(first) else 0
        values = np.empty((targets, size + 1, folds))
        for i in range(targets):
            count, total = (_matrix(table[f"{name}{i}"], first, fold, size, folds) for name in ("count", "sum"))
            mean = np.full(folds, target_mean(given, i)) if given is not None else _means(count, total)
            with np.errstate(invalid="ignore", divide="ignore"):
                value = (_rest(total) + smoothing * mean) / (_rest(count) + smoothing)
            values[i, :size], values[i, size] = np.where(np.isnan(value), mean, value), mean
        known = table.select(keys).filter(pl.struct(keys).rle_id().diff().fill_null(1) > 0)
        return cls(LookupTable(known, pl.DataFrame({"place": pl.Series(range(size), dtype=pl.Int32)}), [size]), values)

    def expression(self, target: int, place: pl.Expr, fold: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """The value of each row, given the place of its category and its fold."""
        flat = self.values[target].ravel().astype(np.float32 if dtype == pl.Float32 else np.float64)
        position: pl.Expr = place.cast(pl.Int64) * int(self.values.shape[2]) + fold
        return position.map_batches(partial(_gathered, values=flat), dtype, is_elementwise=True)


def target_mean(given: Any, i: int) -> float:
    """The given mean of the i-th target."""
    return float(given[i] if isinstance(given, Sequence) else given)


def _matrix(
    values: pl.Series, row: npt.NDArray[Any], fold: npt.NDArray[Any], size: int, folds: int
) -> npt.NDArray[np.float64]:
    matrix = np.zeros((size, folds))
    matrix[row, fold] = values.to_numpy()
    return matrix


def _rest(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sums over all other folds."""
    rest: npt.NDArray[np.float64] = matrix.sum(axis=1, keepdims=True) - matrix
    return rest


def _means(count: npt.NDArray[np.float64], total: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean of all rows outside each fold; 0 of nothing."""
    rows, sums = (matrix.sum() - matrix.sum(axis=0) for matrix in (count, total))
    mean: npt.NDArray[np.float64] = np.divide(sums, rows, out=np.zeros_like(sums), where=rows > 0)
    return mean


def _gathered(position: pl.Series, values: npt.NDArray[Any]) -> pl.Series:
    return pl.Series(position.name, values[position.to_numpy()])
