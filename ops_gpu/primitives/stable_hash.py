"""Hashes that are the same on every machine, engine and version, for they are plain integer arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.primitives.key_dtypes import as_key, key_dtype

Hashes = npt.NDArray[np.uint64]

_NULL = np.uint64(0x9E3779B97F4A7C15)
_BASE = np.uint64(0x100000001B3)


def mix(values: Hashes) -> Hashes:
    """SplitMix64's finalizer (Steele, Lea, Flood 2014): every input bit changes half of the output bits."""
    with np.errstate(over="ignore"):
        x = values + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def hash_integers(values: npt.NDArray[np.integer[Any]]) -> Hashes:
    """Hash of 64-bit integers, uint64 `[n]`; -1 and 2^64-1 share one."""
    return mix(values.astype(np.int64, copy=False).view(np.uint64))


def hash_bytes(data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> Hashes:
    """Hash of byte strings, uint64 `[n]`; string `i` is `data[offsets[i]:offsets[i + 1]]`.

    A polynomial in an odd base over the bytes plus one, modulo 2^64, mixed with the length.
    """
    lengths = np.diff(offsets)
    place = np.arange(len(data)) - np.repeat(offsets[:-1] - offsets[0], lengths)
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(int(lengths.max(initial=0)) + 1, _BASE, np.uint64))
        terms = mix(data.astype(np.uint64) + np.uint64(1)) * powers[place]
        running = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)])
        ends = offsets - offsets[0]
        return mix((running[ends[1:]] - running[ends[:-1]]) ^ mix(lengths.astype(np.uint64)))


def hash_fixed_width(values: npt.NDArray[np.bytes_]) -> Hashes:
    """Hash of a fixed-width bytes array (dtype `S`), the same as of the strings without their padding."""
    lengths = np.char.str_len(values).astype(np.int64)
    matrix = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), values.dtype.itemsize)
    data = matrix[np.arange(values.dtype.itemsize) < lengths[:, None]]
    return hash_bytes(data, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]))


def hash_series(values: pl.Series) -> pl.Series:
    """Hash of every value of a column, UInt64; null and NaN have one of their own.

    Args:
        values: integers, booleans, floats, strings, dates or datetimes.

    Raises:
        ValueError: for any other type.
    """
    kept = key_dtype(values.name, values.dtype)
    key = values.to_frame().select(as_key(pl.first(), values.dtype, kept)).to_series()
    hashes = np.where(key.is_null().to_numpy(), mix(np.full(1, _NULL)), _hash_values(key))
    return pl.Series(values.name, hashes, pl.UInt64)


def row_hash(columns: Mapping[str, pl.DataType]) -> pl.Expr:
    """Hash of every row over several columns, UInt64, in the engine's own arithmetic; their order matters.

    A sum of each value times an odd number of its own, modulo 2^64 (multilinear; Lemire, Kaser 2014): its high bits
    are those that are well mixed. Floats and strings are hashed one by one before.

    Args:
        columns: types by name.
    """
    odd = mix(np.arange(1, len(columns) + 1, dtype=np.uint64)) | np.uint64(1)
    terms = [
        _word(name, dtype) * pl.lit(int(factor), pl.UInt64)
        for (name, dtype), factor in zip(columns.items(), odd, strict=True)
    ]
    return reduce(add, terms)


def _word(name: str, dtype: pl.DataType) -> pl.Expr:
    """A column as 64-bit words."""
    kept = key_dtype(name, dtype)
    if kept.is_float() or kept in (pl.String, pl.Null):
        return pl.col(name).map_batches(hash_series, pl.UInt64(), is_elementwise=True)
    key = as_key(pl.col(name), dtype, kept)
    if kept == pl.UInt64:
        return key.fill_null(int(_NULL))
    return key.to_physical().cast(pl.Int64).fill_null(int(_NULL.view(np.int64))).reinterpret(signed=False)


def _hash_values(key: pl.Series) -> Hashes:
    if key.dtype == pl.Null:
        return np.zeros(len(key), np.uint64)
    if key.dtype == pl.String:
        array = key.fill_null("").to_arrow()
        offsets = np.frombuffer(array.buffers()[1], np.int64, len(key) + 1, array.offset * 8)
        data = np.frombuffer(array.buffers()[2] or b"", np.uint8)
        return hash_bytes(data[offsets[0] : offsets[-1]], offsets) if len(key) else np.zeros(0, np.uint64)
    if key.dtype.is_float():
        return mix(key.fill_null(0.0).to_numpy().view(np.uint64))
    if key.dtype == pl.UInt64:
        return mix(key.fill_null(0).to_numpy())
    return hash_integers(key.to_physical().cast(pl.Int64).fill_null(0).to_numpy())
