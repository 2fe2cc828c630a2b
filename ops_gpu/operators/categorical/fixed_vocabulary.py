"""Fixed vocabularies: those that are given to Categorify, and not learnt."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
import polars as pl

from ops_gpu.operators.categorical.vocabulary_state import keys_of
from ops_gpu.primitives.key_dtypes import as_key, key_dtype

Given = str | Sequence[Any]
"""The path of a Parquet file, or values in code order (tuples of values, for columns that are coded together)."""


def plain_vocabularies(vocabs: Mapping[str, Any] | None) -> dict[str, Given] | None:
    """Vocabularies by unit as JSON can hold them, without nulls.

    Raises:
        ValueError: when a value comes twice, or is none that JSON can hold.
    """
    if vocabs is None:
        return None
    return {unit: _plain_vocabulary(unit, given) for unit, given in vocabs.items()}


def _plain_vocabulary(unit: str, given: str | os.PathLike[str] | pl.Series | Iterable[Any]) -> Given:
    if isinstance(given, (str, os.PathLike)):
        return os.fspath(given)
    values = [_plain(unit, value) for value in (given.to_list() if isinstance(given, pl.Series) else given)]
    kept = [value for value in values if value is not None and not _is_null_tuple(value)]
    seen: set[Any] = set()
    for value in kept:
        if value in seen:
            raise ValueError(_twice(unit, value))
        seen.add(value)
    return tuple(kept)


def _plain(unit: str, value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, (list, tuple)):
        return tuple(_plain(unit, part) for part in plain)
    if plain is None or plain != plain:  # NaN counts as null
        return None
    if not isinstance(plain, (bool, int, float, str)) or (isinstance(plain, float) and not isfinite(plain)):
        raise ValueError(
            f"the vocabulary of {unit!r} has {plain!r}; expected integers, finite numbers, strings or booleans: "
            "write others to a Parquet file, and give its path."
        )
    return plain


def _is_null_tuple(value: Any) -> bool:
    return isinstance(value, tuple) and all(part is None for part in value)


def fixed_vocabulary(unit: str, given: Given, table: pl.DataFrame) -> pl.DataFrame:
    """A given vocabulary in the form of one that was learnt.

    Args:
        unit: its name, for errors.
        given: as `plain_vocabularies` gives it; of a file the first column is read (as many as a tuple has parts).
        table: counts of the unit, for names and types.

    Raises:
        ValueError: when the file cannot be read, a value comes twice, or the types are others than the data's.
    """
    keys = keys_of(table)
    rows = _read(unit, given, len(keys)) if isinstance(given, str) else _rows(unit, given, len(keys))
    parts = [
        _as_key_of(unit, part.alias(key), table.schema[key])
        for part, key in zip(rows.iter_columns(), keys, strict=True)
    ]
    values = pl.DataFrame(parts).filter(pl.any_horizontal(pl.col(keys).is_not_null()))
    twice = values.filter(values.is_duplicated())
    if len(twice):
        raise ValueError(_twice(unit, twice.row(0) if len(keys) > 1 else twice.item(0, 0)))
    return values


def _twice(unit: str, value: Any) -> str:
    return f"the vocabulary of {unit!r} has {value!r} twice, and a value has one code; leave one of them out."


def _read(unit: str, path: str, width: int) -> pl.DataFrame:
    try:
        frame = pl.scan_parquet(path)
        names = frame.collect_schema().names()[:width]
        rows = frame.select(names).collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ValueError(
            f"the vocabulary of {unit!r} cannot be read from {path} ({error}); give the path of a Parquet file."
        ) from error
    if rows.width < width:
        raise ValueError(
            f"the vocabulary of {unit!r} in {path} has {rows.width} columns; expected {width}, one a part."
        )
    return rows


def _rows(unit: str, values: Sequence[Any], width: int) -> pl.DataFrame:
    tuples = values if width > 1 else [(value,) for value in values]
    for row in tuples:
        if not isinstance(row, tuple) or len(row) != width or any(isinstance(part, tuple) for part in row):
            expected = f"a tuple of {width} values" if width > 1 else "a single value"
            raise ValueError(f"the vocabulary of {unit!r} has {row if width > 1 else row[0]!r}; expected {expected}.")
    try:
        parts = zip(*tuples, strict=True) if tuples else [() for _ in range(width)]
        return pl.DataFrame([pl.Series(f"key{i}", list(part), strict=True) for i, part in enumerate(parts)])
    except (TypeError, OverflowError, pl.exceptions.PolarsError) as error:
        raise ValueError(
            f"the vocabulary of {unit!r} has values of several types ({error}); give them all in one."
        ) from error


def _as_key_of(unit: str, values: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Values in the type of the data's keys."""
    kept = key_dtype(unit, values.dtype)
    wanted = kept if dtype == pl.Null else dtype
    # Integers may stand for others and for floats where each is one; text that reads like a number stays text.
    if kept in (wanted, pl.Null) or (kept.is_integer() and wanted.is_numeric()):
        try:
            key = values.to_frame().select(as_key(pl.first(), values.dtype, kept)).to_series()
            cast = key.cast(wanted)
            if (cast.cast(kept) == key).all():
                return cast
        except pl.exceptions.PolarsError:
            pass  # beyond what the type holds
    raise ValueError(
        f"the vocabulary of {unit!r} is of type {values.dtype}, and the data of type {dtype}; give it in that type."
    )
