"""External tables of JoinExternal: rows by key, from a frame or a Parquet file."""

from __future__ import annotations

import os
from collections.abc import Sequence

import polars as pl

from ops_gpu.operators.base.group_keys import key_names
from ops_gpu.operators.base.lookup_table import LookupTable
from ops_gpu.primitives.key_dtypes import as_key, key_dtype
from ops_gpu.schema.schema import Schema

VALUE = "value "
"""Put before the names of columns that are no keys."""


class ExternalTable:
    """A table to look rows up in.

    Args:
        source: the table, or the path of a Parquet file, which is read when asked for.
    """

    def __init__(self, source: pl.DataFrame | str | os.PathLike[str]) -> None:
        self._frame = source if isinstance(source, pl.DataFrame) else None
        self._path = "" if isinstance(source, pl.DataFrame) else os.fspath(source)

    @property
    def types(self) -> pl.Schema:
        """Types of its columns."""
        return pl.Schema(pl.read_parquet_schema(self._path)) if self._frame is None else self._frame.schema

    def chosen(self, keys: Sequence[str], added: Sequence[str]) -> pl.DataFrame:
        """Key columns as `key0` and on, in the form of keys, then the columns to add, named `VALUE` + name.

        Raises:
            ValueError: when one is missing, holds lists, or is of a type that no schema knows.
        """
        types = self.types
        for name in (*keys, *added):
            if name not in types:
                raise ValueError(f"the external table has no column {name!r}; it has {', '.join(types)}.")
            if types[name].is_nested():
                raise ValueError(
                    f"column {name!r} of the external table is of type {types[name]}, and single values are "
                    "expected; leave it out of columns_ext."
                )
        frame = pl.read_parquet(self._path, glob=False) if self._frame is None else self._frame
        parts = [
            as_key(pl.col(name), types[name], key_dtype(name, types[name])).alias(key)
            for name, key in zip(keys, key_names(keys), strict=True)
        ]
        kept = Schema.from_polars(pl.Schema({name: types[name] for name in added})).polars_schema
        return frame.select(*parts, *(pl.col(name).cast(dtype).alias(VALUE + name) for name, dtype in kept.items()))


def with_unique_keys(rows: pl.DataFrame, drop_duplicates: bool) -> pl.DataFrame:
    """Rows of a chosen table with the first of each key; ValueError where there are more and none may be dropped."""
    keys = _keys(rows)
    double = rows.filter(rows.select(keys).is_duplicated())
    if len(double) and not drop_duplicates:
        key = double.select(keys).row(0)
        raise ValueError(
            f"key {key[0] if len(key) == 1 else key!r} comes more than once in the external table; make keys unique, "
            "or give drop_duplicates_ext=True to take the first row."
        )
    return rows.unique(keys, keep="first", maintain_order=True) if len(double) else rows


def places_of(rows: pl.DataFrame) -> LookupTable:
    """Row numbers by key, -1 where there is none: values may be null, and those of a lookup may not."""
    return LookupTable(rows.select(_keys(rows)), pl.DataFrame({"place": pl.int_range(len(rows), eager=True)}), [-1])


def gathered(places: pl.Series, values: pl.Series) -> pl.Series:
    """Values at these row numbers, null for -1."""
    return values.gather(places.set(places < 0, None))


def _keys(rows: pl.DataFrame) -> list[str]:
    return [name for name in rows.columns if not name.startswith(VALUE)]
