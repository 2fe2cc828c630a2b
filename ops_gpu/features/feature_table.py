"""Engineered features of users or items as arrays indexed by code: what models gather from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.primitives.finite import require_finite
from ops_gpu.primitives.memory_map import memory_map
from ops_gpu.schema.schema import Schema

NULL_CODE, UNKNOWN_CODE, FIRST_CODE = 1, 2, 3  # 0 is padding; see Categorify


@dataclass(frozen=True)
class FeatureTable:
    """Columns by name, each `[codes, ...]`; a list column is padded with 0 to its longest list.

    Args:
        columns: arrays whose first axis is the code of the user or item.
        size: number of codes.
    """

    columns: Mapping[str, npt.NDArray[Any]]
    size: int

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, key: str, schema: Schema, size: int) -> FeatureTable:
        """Scatters a transformed frame by its key column of codes.

        Args:
            frame: engineered columns, one row an entity.
            key: column of codes; it becomes a feature itself (its own code).
            schema: the engineered columns to keep, `key` among them or not.
            size: number of codes; codes without a row get null codes, zeros and empty lists.

        Raises:
            ValueError: when a column holds a number that is not finite; names it.

        Returns:
            Categorical columns as int32, continuous ones as float32, lists as `[size, width]`.
        """
        codes = frame[key].to_numpy()
        columns: dict[str, npt.NDArray[Any]] = {key: np.arange(size, dtype=np.int32)}
        columns[key][1:FIRST_CODE] = UNKNOWN_CODE
        for column in schema.excluding(key):
            values = padded(frame[column.name]) if column.is_list else frame[column.name].to_numpy()
            integer = np.issubdtype(values.dtype, np.integer)
            if not integer:
                require_finite(
                    values,
                    f"values of the feature column {column.name!r}",
                    "fill or bound them in the feature graph (FillMissing, Clip), or mend the data",
                )
            empty = NULL_CODE if integer and not column.is_list else 0
            table = np.full((size, *values.shape[1:]), empty, np.int32 if integer else np.float32)
            table[codes] = values
            columns[column.name] = table
        return cls(columns, size)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.columns)

    def select(self, names: Sequence[str]) -> FeatureTable:
        """The same table with these columns only."""
        return FeatureTable({name: self.columns[name] for name in names}, self.size)

    def column(self, name: str) -> npt.NDArray[Any]:
        """One column as a whole."""
        return self.columns[name]

    def take(self, codes: npt.NDArray[np.integer[Any]]) -> dict[str, npt.NDArray[Any]]:
        """The rows of these codes, a column each."""
        return {name: values[codes] for name, values in self.columns.items()}

    def save(self, folder: Path) -> None:
        """Writes one `.npy` file a column into a new folder."""
        folder.mkdir(parents=True)
        for name, values in self.columns.items():
            np.save(folder / f"{name}.npy", values, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> FeatureTable:
        """Opens what `save` wrote, memory-mapped."""
        columns = {p.stem: memory_map(p) for p in sorted(folder.glob("*.npy"))}
        return cls(columns, len(next(iter(columns.values()))))


def padded(lists: pl.Series, width: int | None = None) -> npt.NDArray[Any]:
    """A list column as a matrix, padded with 0 on the right; null lists are empty.

    Args:
        lists: a column of lists of numbers.
        width: columns of the matrix; longer lists are cut. None takes the longest list, at least 1.

    Returns:
        int32 or float32 `[rows, width]`.
    """
    lengths = lists.list.len().fill_null(0).to_numpy().astype(np.int64)
    width = max(1, int(lengths.max(initial=0)) if width is None else width)
    inner = lists.dtype.inner if isinstance(lists.dtype, pl.List) else pl.Int32()
    dense = np.zeros((len(lists), width), np.int32 if inner.is_integer() else np.float32)
    values = lists.drop_nulls().list.explode(empty_as_null=False).to_numpy()
    row = np.repeat(np.arange(len(lists)), lengths)
    place = np.arange(len(values)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    inside = place < width
    dense[row[inside], place[inside]] = values[inside]
    return dense
