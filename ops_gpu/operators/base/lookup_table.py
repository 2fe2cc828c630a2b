"""LookupTable: from keys to values, by search for a few rows and by join for many, with one answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.operators.base.list_expressions import map_elements
from ops_gpu.primitives.key_dtypes import as_key, check_same_key

# Below this many rows a search beats building a join (measured at 50,000 keys on 2 cores).
SMALL = 10_000

Positions = npt.NDArray[np.intp]


class LookupTable:
    """Values by key: what fitted operators keep, and look up for every row.

    Args:
        keys: one column a key part, in the types of `key_dtype`; rows differ; null is a key like any other.
        values: one column a value, as many rows, without nulls.
        missing: the value for an unknown key, one a value column, never null.

    Example:
        >>> table = LookupTable(pl.DataFrame({"key": ["a", "b"]}), pl.DataFrame({"code": [3, 4]}), [2])
        >>> table.take([pl.Series("city", ["b", "x"])])[0].to_list()
        [4, 2]
    """

    def __init__(self, keys: pl.DataFrame, values: pl.DataFrame, missing: Sequence[Any]) -> None:
        named = keys.rename({name: f"key{i}" for i, name in enumerate(keys.columns)})
        # Where a column was all null, nothing but null is known (see `as_key`).
        self._keys = named.cast({pl.Null: pl.Boolean})
        self._values = values.rename({name: f"value{i}" for i, name in enumerate(values.columns)})
        self._missing = [
            pl.Series(name, [value], dtype)
            for (name, dtype), value in zip(self._values.schema.items(), missing, strict=True)
        ]

    @property
    def value_dtypes(self) -> list[pl.DataType]:
        """Types of the values, in order."""
        return self._values.dtypes

    def check(self, names: Sequence[str], dtypes: Sequence[pl.DataType]) -> None:
        """ValueError where columns of these types can never hold one of the keys."""
        for name, dtype, kept in zip(names, dtypes, self._keys.dtypes, strict=True):
            check_same_key(name, dtype, kept)

    def take(self, keys: Sequence[pl.Series]) -> list[pl.Series]:
        """The values of each row's key.

        Args:
            keys: one column a key part.

        Returns:
            One column a value, in row order.
        """
        if len(keys[0]) > SMALL:
            return self._take_by_join(keys)
        positions = self._positions([self._key(i, key) for i, key in enumerate(keys)])
        return [
            pl.Series(name, values[positions])
            for name, values in zip(self._values.columns, self._padded_values, strict=True)
        ]

    def take_elements(self, lists: pl.Series, value: int = 0) -> pl.Series:
        """One value of every element of a list column; a null list gives an empty one."""
        return map_elements(lists, lambda elements: self.take([elements])[value])

    def join(self, frame: pl.LazyFrame, keys: Sequence[str], outputs: Sequence[str]) -> pl.LazyFrame:
        """The same as `take` for the columns of a lazy frame: adds the values as columns `outputs`."""
        schema = frame.collect_schema()
        kept = enumerate(zip(keys, self._keys.dtypes, strict=True))
        parts = {f"{outputs[0]} {i}": as_key(pl.col(key), schema[key], dtype) for i, (key, dtype) in kept}
        names = dict(zip(self._values.columns, outputs, strict=True))
        right = self._keys.hstack(self._values).lazy().rename(names)
        fill = [pl.col(names[series.name]).fill_null(series.item()) for series in self._missing]
        joined = frame.with_columns(**parts).join(
            right,
            left_on=list(parts),
            right_on=self._keys.columns,
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        return joined.with_columns(fill).drop(list(parts))

    def _take_by_join(self, keys: Sequence[pl.Series]) -> list[pl.Series]:
        frame = pl.DataFrame([key.alias(f"row{i}") for i, key in enumerate(keys)])
        outputs = self._values.columns
        return self.join(frame.lazy(), frame.columns, outputs).select(outputs).collect().get_columns()

    def _key(self, part: int, key: pl.Series) -> pl.Series:
        kept = self._keys.dtypes[part]
        if key.dtype == kept and not kept.is_float():
            return key
        return key.to_frame().select(as_key(pl.first(), key.dtype, kept)).to_series()

    def _positions(self, keys: Sequence[pl.Series]) -> Positions:
        if len(keys) == 1 and self._keys.dtypes[0].is_integer():
            return self._search(keys[0])
        rows = keys[0].to_list() if len(keys) == 1 else zip(*(key.to_list() for key in keys), strict=True)
        unknown, position = len(self._values), self._position_of
        return np.fromiter((position.get(row, unknown) for row in rows), np.intp, len(keys[0]))

    def _search(self, key: pl.Series) -> Positions:
        ordered, positions, null = self._sorted
        nulls = key.is_null().to_numpy() if key.null_count() else None
        values = key.to_numpy() if nulls is None else key.fill_null(0).to_numpy()
        found = np.searchsorted(ordered[:-1], values)
        result = np.where(ordered[found] == values, positions[found], len(self._values))
        return result if nulls is None else np.where(nulls, null, result)

    @cached_property
    def _padded_values(self) -> list[npt.NDArray[Any]]:
        return [pl.concat(pair).to_numpy() for pair in zip(self._values, self._missing, strict=True)]

    @cached_property
    def _sorted(self) -> tuple[npt.NDArray[Any], Positions, int]:
        """Keys in order, their positions, and that of null; one entry more, for what lies beyond the last."""
        column, unknown = self._keys.to_series(0), len(self._values)
        known = np.flatnonzero(column.is_not_null().to_numpy())
        keys = column.drop_nulls().to_numpy()
        order = np.argsort(keys, kind="stable")
        null = np.flatnonzero(column.is_null().to_numpy())
        padding = np.zeros(1, keys.dtype)
        return (
            np.concatenate([keys[order], padding]),
            np.concatenate([known[order], [unknown]]),
            int(null[0]) if len(null) else unknown,
        )

    @cached_property
    def _position_of(self) -> dict[Any, int]:
        if len(self._keys.columns) == 1:
            return {key: i for i, key in enumerate(self._keys.to_series(0).to_list())}
        return {key: i for i, key in enumerate(self._keys.iter_rows())}
