"""Hashes of content: equal for equal values, whatever file or version they were written with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl


def hash_json(data: Any) -> str:
    """SHA-256 (hexadecimal) of anything that JSON can hold; the order of keys does not matter."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def hash_frame(frame: pl.DataFrame) -> str:
    """SHA-256 (hexadecimal) of a frame: names, types and values in order."""
    total = hashlib.sha256()
    for column in frame:
        total.update(f"{column.name}\0{column.dtype}\0{len(column)}\0".encode())
        total.update(np.packbits(column.is_null().to_numpy()).tobytes())
        total.update(_value_bytes(column))
    return total.hexdigest()


def hash_frames(frames: Mapping[str, pl.DataFrame]) -> str:
    """SHA-256 (hexadecimal) of frames by name; the order of names does not matter."""
    return hash_json({name: hash_frame(frame) for name, frame in frames.items()})


def _value_bytes(column: pl.Series) -> bytes:
    if column.dtype == pl.Null:
        return b""
    if column.dtype == pl.String:
        strings = column.fill_null("")
        lengths = strings.str.len_bytes().to_numpy().astype("<u8")
        return lengths.tobytes() + "".join(strings.to_list()).encode("utf-8")
    numbers = column.to_physical()
    known = numbers.fill_null(False if numbers.dtype == pl.Boolean else 0)
    array = known.to_numpy()
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
