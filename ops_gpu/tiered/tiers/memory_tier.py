"""MemoryTier: the rows that are asked for most, in memory."""

from __future__ import annotations

import threading
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.stable_hash import Hashes
from ops_gpu.tiered.rows.keys import KeyBatch, KeyType
from ops_gpu.tiered.rows.row_format import RowFormat
from ops_gpu.tiered.rows.tier import Found, Mask, Rows, Tier
from ops_gpu.tiered.tiers.bucket_table import BucketTable, Slots

SLOT_BYTES = 18
"""What the table needs a slot: tag 8, frequency 1, its share of the sketch 8, whether there is a row 1."""
OBJECT_BYTES = 49 + 8
"""What Python needs for a `bytes` object beside its content, on average, and for the pointer to it."""
SWEEP = 64
"""Buckets that are looked through at once for somebody who can go."""


class MemoryTier(Tier):
    """Rows in numpy arrays, bounded in bytes, kept by frequency (see `BucketTable`).

    Rows of one width lie in one array. Those that differ in length, and keys that are bytes, are Python objects;
    where these need more room than planned, the least frequent go.

    Args:
        budget: bytes for rows, keys and everything that finds them.
        rows: the format.
        keys: what keys are.
        row_bytes: of an encoded row and its key, on average; only asked for where they differ in length.
        count: how many rows there are, where that is certain; None where more may come.

    Raises:
        ValueError: when the budget is too small for 8 rows.
    """

    name: ClassVar[str] = "memory"

    def __init__(
        self, budget: int, rows: RowFormat, keys: KeyType, row_bytes: float = 0.0, count: int | None = None
    ) -> None:
        self._objects = (rows.width is None) + (keys == KeyType.BYTES)
        need = SLOT_BYTES + (rows.width or 0) + self._objects * OBJECT_BYTES
        # With objects, half as many slots again as rows of the average length need: they are bounded by their bytes.
        each = need + row_bytes * 2 / 3 if self._objects else need
        if budget < 8 * each:
            raise ValueError(f"{budget:,} bytes are too few for 8 rows of {each:,.0f} bytes; give the store more.")
        self._budget, self._lock = budget, threading.Lock()
        # Twice the slots of what there is: buckets fill unevenly, and then nobody has to go.
        self._table = BucketTable(int(min(budget / each, budget if count is None else 2 * count)))
        self._rows = rows.empty(self._table.slots)
        self._known = np.zeros(self._table.slots, np.bool_)
        self._keys = np.empty(self._table.slots, object) if keys == KeyType.BYTES else None
        self._used = self._hand = 0

    @property
    def nbytes(self) -> int:
        arrays = self._table.nbytes + self._known.nbytes + self._rows.nbytes
        return arrays + (0 if self._keys is None else self._keys.nbytes) + self._used

    @property
    def slots(self) -> int:
        """How many rows there is room for, at most."""
        return self._table.slots

    def find(self, batch: KeyBatch) -> Found:
        with self._lock:
            slots = self._slots(batch)
            held = slots >= 0
            self._table.count(slots[held], len(slots))
            rows = self._rows.take(slots, mode="clip")  # -1 is clipped to 0, and not looked at
            return Found(held, held & self._known.take(slots, mode="clip"), rows)

    def write(self, batch: KeyBatch, rows: Rows | None) -> None:
        with self._lock:
            slots = self._slots(batch)
            held = slots >= 0
            if rows is None:
                self._free(slots[held])
                return
            self._put(slots[held], rows[held], np.ones(int(held.sum()), np.bool_))
            self._shrink()

    def offer(self, batch: KeyBatch, known: Mask, rows: Rows) -> None:
        with self._lock:
            new = np.flatnonzero(self._table.find(batch.tags) < 0)
            slots = self._table.place(batch.tags[new])
            kept = slots >= 0
            new, slots = new[kept], slots[kept]
            self._put(slots, rows[new], known[new])
            if self._keys is not None:
                keys = batch.keys[new].astype(object)
                self._used += _size(keys) - _size(self._keys[slots])
                self._keys[slots] = keys
            self._shrink()

    def forget(self, tags: Hashes | None) -> None:
        with self._lock:
            slots = np.arange(self._table.slots) if tags is None else self._table.find(tags)
            self._free(slots[slots >= 0])

    def close(self) -> None:
        self.forget(None)

    def _slots(self, batch: KeyBatch) -> Slots:
        """The slots of keys; of bytes that only share a tag with a key that is here, none."""
        slots = self._table.find(batch.tags)
        if self._keys is not None:
            slots[self._keys.take(slots, mode="clip") != batch.objects()] = -1
        return slots

    def _put(self, slots: Slots, rows: Rows, known: Mask) -> None:
        if self._rows.dtype == object:
            self._used += _size(rows) - _size(self._rows[slots])
        self._rows[slots] = rows
        self._known[slots] = known

    def _free(self, slots: Slots) -> None:
        self._table.free(slots)
        for values in (self._rows, self._keys):
            if values is not None and values.dtype == object:
                self._used -= _size(values[slots])
                values[slots] = None

    def _shrink(self) -> None:
        """Lets go of the least frequent, bucket by bucket, until the objects fit."""
        while self._objects and self.nbytes > self._budget and self._used:
            self._free(self._table.least(self._hand, SWEEP))
            self._hand += SWEEP


def _size(objects: npt.NDArray[Any]) -> int:
    """Bytes of `bytes` objects, without their pointers; none for None and for what is empty, which is shared."""
    lengths = np.fromiter(map(len, filter(None, objects.tolist())), np.int64)
    return int(lengths.sum()) + len(lengths) * (OBJECT_BYTES - 8)
