"""Small stores, and a tier of Python objects, with which others can be compared."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.primitives.stable_hash import Hashes
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.tiered import KeyType, RowFormat, StoreSettings, Tier, TieredStore, build_store, open_store
from ops_gpu.tiered.rows.keys import KeyBatch
from ops_gpu.tiered.rows.tier import Found, Mask, Rows
from ops_gpu.tiered.tiers.memory_tier import MemoryTier

VECTOR = RowFormat.of_dtype(np.dtype([("vector", "f4", (4,)), ("count", "i4")]))
HISTORY = RowFormat.of_schema(
    Schema(
        [
            ColumnSchema("city", "string"),
            ColumnSchema("age", "float32"),
            ColumnSchema("items", "int64", is_list=True),
            ColumnSchema("counts", "int32", is_list=True),
            ColumnSchema("words", "string", is_list=True),
        ]
    )
)


def vectors(values: Any) -> dict[str, Any]:
    """Rows of `VECTOR` that all differ, made from integers."""
    numbers = np.asarray(values, np.int64)
    return {"vector": numbers[:, None] + np.arange(4, dtype=np.float32) / 8, "count": numbers.astype(np.int32)}


def histories(values: Any) -> dict[str, Any]:
    """Rows of `HISTORY`, of 0 to 9 entries, made from integers."""
    numbers = [int(value) for value in values]
    lists = [range(number, number + number % 10) for number in numbers]
    return {
        "city": np.array([b"x" * (number % 7) for number in numbers] or [b""], "S")[: len(numbers)],
        "age": np.asarray(numbers, np.float32) / 4,
        "items": Ragged.from_lists(lists, np.int64),
        "counts": Ragged.from_lists(lists, np.int32),
        "words": Ragged.from_lists([[b"w%d" % entry for entry in entries] for entries in lists], "S9"),
    }


def as_lists(columns: Mapping[str, Any], row: int) -> dict[str, Any]:
    """One row as Python values."""
    return {name: column[row].tolist() for name, column in columns.items()}


def small(path: Path, keys: KeyType, rows: RowFormat, budget: int, middle: bool = False) -> TieredStore:
    """An empty store with room for a few rows in memory, opened to write, on request with a third tier."""
    if not path.exists():
        build_store(path, keys, rows, [], mutable=True)
    opened = open_store(path, StoreSettings(memory_bytes=8 << 20), "write")
    memory = MemoryTier(budget, rows, keys, 20)
    return TieredStore([memory, *([DictTier(rows, 5)] if middle else []), opened.tiers[-1]], keys, rows)


class DictTier(Tier):
    """Keeps the last few rows that it was offered, as a cache shared over the network would.

    Args:
        rows: the format.
        most: rows kept; None for a last tier, which keeps everything.
    """

    name: ClassVar[str] = "dict"

    def __init__(self, rows: RowFormat, most: int | None = None) -> None:
        self._format, self._most, self._lock = rows, most, threading.Lock()
        self._rows: dict[Any, bytes | None] = {}
        self._tags: dict[int, Any] = {}

    def find(self, batch: KeyBatch) -> Found:
        with self._lock:
            keys = batch.keys.tolist()
            held = np.array([self._most is None or key in self._rows for key in keys], np.bool_)
            values = [self._rows.get(key) for key in keys]
        known = np.array([value is not None for value in values], np.bool_)
        default = self._format.default_row
        return Found(held, known, self._format.collect([default if v is None else v for v in values]).copy())

    def write(self, batch: KeyBatch, rows: Rows | None) -> None:
        values = [None] * len(batch) if rows is None else [bytes(row) for row in rows.tolist()]
        with self._lock:
            for key, value in zip(batch.keys.tolist(), values, strict=True):
                if self._most is None or key in self._rows:
                    self._rows[key] = value

    def offer(self, batch: KeyBatch, known: Mask, rows: Rows) -> None:
        with self._lock:
            for key, tag, there, row in zip(
                batch.keys.tolist(), batch.tags.tolist(), known, rows.tolist(), strict=True
            ):
                self._rows[key], self._tags[tag] = bytes(row) if there else None, key
            while self._most is not None and len(self._rows) > self._most:
                self._rows.pop(next(iter(self._rows)))

    def forget(self, tags: Hashes | None) -> None:
        with self._lock:
            for tag in list(self._tags) if tags is None else tags.tolist():
                self._rows.pop(self._tags.pop(tag, None), None)

    @property
    def nbytes(self) -> int:
        return sum(len(row or b"") for row in self._rows.values())
