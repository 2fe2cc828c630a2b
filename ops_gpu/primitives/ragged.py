"""Ragged columns: one variable-length list a row, as two flat arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Offsets = npt.NDArray[np.int64]

FEW_ROWS = 16
"""Up to so many rows, copying row by row takes less time than working out where every value goes."""


@dataclass(frozen=True, init=False)
class Ragged:
    """Lists of different lengths, one a row: row `i` is `values[offsets[i]:offsets[i + 1]]`.

    Args:
        values: array `[total]` (or `[total, d]`) with the elements of all rows, one row after another.
        offsets: int64 array `[rows + 1]`, rising, from 0 to `total`.

    Raises:
        ValueError: when the offsets do not cover the values.
    """

    values: Array
    offsets: Offsets

    def __init__(self, values: Array, offsets: Offsets) -> None:
        # Written by hand, for a request makes dozens: a frozen class would set each through two calls.
        if len(offsets) == 0 or offsets.item(0) != 0 or offsets.item(-1) != len(values):
            raise ValueError(
                f"offsets must run from 0 to the {len(values)} values, "
                f"got {offsets[:1]}..{offsets[-1:]}; build them with Ragged.from_lengths."
            )
        self.__dict__.update(values=values, offsets=offsets)

    @classmethod
    def from_lengths(cls, values: Array, lengths: npt.NDArray[np.integer[Any]]) -> Ragged:
        """Builds from lengths instead of offsets.

        Args:
            values: elements of all rows, one row after another.
            lengths: int array `[rows]`.
        """
        offsets = np.zeros(len(lengths) + 1, np.int64)
        if len(lengths) == 1:
            offsets[1] = lengths[0]  # a single user: adding up nothing would take ten times as long
        else:
            np.cumsum(lengths, out=offsets[1:])
        return cls(values, offsets)

    @classmethod
    def from_lists(cls, lists: Sequence[Iterable[Any]], dtype: npt.DTypeLike) -> Ragged:
        """Builds from one Python list (or array) a row.

        Args:
            lists: the rows.
            dtype: of the values.
        """
        rows = [np.asarray(row, dtype) for row in lists]
        values = np.concatenate(rows) if rows else np.empty(0, dtype)
        return cls.from_lengths(values, np.fromiter((len(r) for r in rows), np.int64, len(rows)))

    @cached_property
    def lengths(self) -> Offsets:
        """Length of each row, int64 `[rows]`."""
        return self.offsets[1:] - self.offsets[:-1]  # np.diff costs ten times as much on a single row

    @cached_property
    def row_ids(self) -> Offsets:
        """The row of every value, int64 `[total]`."""
        if len(self) == 1:
            return np.zeros(len(self.values), np.int64)
        return np.repeat(np.arange(len(self), dtype=np.int64), self.lengths)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Array:
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def with_values(self, values: Array) -> Ragged:
        """The same rows over other values of the same total length."""
        if len(values) != len(self.values):
            raise ValueError(f"expected {len(self.values)} values, as many as these rows have, got {len(values)}.")
        # The rows are the same, so what is known of them goes along (all of it lives in `__dict__`), unchecked.
        result = Ragged.__new__(Ragged)
        result.__dict__.update(self.__dict__, values=values)
        return result

    def keep(self, mask: npt.NDArray[np.bool_]) -> Ragged:
        """Only the values where `mask` (`[total]`) is true; rows may become empty."""
        kept = np.zeros(len(self.values) + 1, np.int64)
        np.cumsum(mask, out=kept[1:])
        return Ragged(self.values[mask], kept[self.offsets])

    def between(self, start: int, stop: int) -> Ragged:
        """The rows from `start` to before `stop`, over the same memory."""
        if start == 0 and stop == len(self):
            return self
        first, last = self.offsets[start], self.offsets[stop]
        return Ragged(self.values[first:last], self.offsets[start : stop + 1] - first)

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Ragged:
        """The rows at these positions (from 0, `[n]`), in this order."""
        places = self.places(rows)
        return places.with_values(self.values[places.values])

    def places(self, rows: npt.NDArray[np.integer[Any]]) -> Ragged:
        """Where the values of these rows (`[n]`) lie, to take the same from columns that are aligned with them."""
        lengths = self.lengths[rows]
        result = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=result[1:])
        return Ragged(np.arange(result[-1]) - np.repeat(result[:-1] - self.offsets[rows], lengths), result)

    def tail(self, length: int) -> Ragged:
        """The last `length` values of each row."""
        position = np.arange(len(self.values)) - self.offsets[self.row_ids]
        return self.keep(position >= np.repeat(self.lengths - length, self.lengths))

    def to_dense(self, width: int, fill: Any) -> Array:
        """Array `[rows, width]` of the first values of each row.

        Args:
            width: values a row; longer rows are cut.
            fill: what stands behind the end of a shorter row.
        """
        dense = np.full((len(self), width, *self.values.shape[1:]), fill, self.values.dtype)
        if len(self) <= FEW_ROWS:
            for row, (start, stop) in enumerate(pairwise(self.offsets.tolist())):
                dense[row, : stop - start] = self.values[start : min(stop, start + width)]
            return dense
        position = np.arange(len(self.values)) - np.repeat(self.offsets[:-1], self.lengths)
        mask = position < width
        dense[self.row_ids[mask], position[mask]] = self.values[mask]
        return dense
