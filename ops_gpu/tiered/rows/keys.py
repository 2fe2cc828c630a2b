"""Keys of a store, int64 or bytes: as a batch of arrays, and as they lie on disk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.stable_hash import Hashes, hash_fixed_width, hash_integers

PREFIX = ord("k")
"""First byte of every key on disk, so that a store can keep records of its own beside them."""


class KeyType(StrEnum):
    """What the keys of a store are."""

    INT64 = "int64"
    BYTES = "bytes"


@dataclass(frozen=True)
class KeyBatch:
    """Keys, and a hash of each.

    Args:
        keys: int64 `[n]` or zero-padded bytes (`S`) `[n]`.
        tags: uint64 `[n]`. Of integers it is a bijection: two keys differ where their tags do. Of bytes it is
            not, and who finds a tag compares the keys.
    """

    keys: npt.NDArray[Any]
    tags: Hashes

    @classmethod
    def of(cls, keys: npt.ArrayLike, kind: KeyType) -> KeyBatch:
        """Checks and hashes keys.

        Args:
            keys: integers or bytes, one dimension.
            kind: what the store's keys are.

        Raises:
            ValueError: when they are of another type or shape.
        """
        array = np.asarray(keys)
        wanted = "iu" if kind == KeyType.INT64 else "S"
        if array.size == 0 and array.ndim == 1:
            array = array.astype(np.int64 if kind == KeyType.INT64 else "S1")
        if array.ndim != 1 or array.dtype.kind not in wanted:
            expected = "int64 [n]" if kind == KeyType.INT64 else "bytes (numpy's S) [n]"
            raise ValueError(f"Keys are {array.dtype} {list(array.shape)}, expected {expected}; convert them first.")
        if kind == KeyType.BYTES:
            return cls(array, hash_fixed_width(array))
        if array.dtype == np.uint64 and array.size and int(array.max()) > np.iinfo(np.int64).max:
            raise ValueError(f"Key {int(array.max())} is above {np.iinfo(np.int64).max}, the largest int64.")
        array = array.astype(np.int64, copy=False)
        return cls(array, hash_integers(array))

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def exact(self) -> bool:
        """Whether equal tags mean equal keys."""
        return self.keys.dtype.kind == "i"

    def take(self, rows: npt.NDArray[Any]) -> KeyBatch:
        """The keys at these positions (or under this mask)."""
        return KeyBatch(self.keys[rows], self.tags[rows])

    def unique(self) -> tuple[KeyBatch, npt.NDArray[np.intp]]:
        """Every key once, in rising order, and the position in it of each of these."""
        _, first, inverse = np.unique(self.keys, return_index=True, return_inverse=True)
        return self.take(first), inverse

    def last_of_each(self) -> npt.NDArray[np.intp]:
        """The position at which each key stands for the last time, by rising key."""
        return len(self) - 1 - np.unique(self.keys[::-1], return_index=True)[1]

    def objects(self) -> npt.NDArray[Any]:
        """The keys as Python objects, `[n]`."""
        return self.keys.astype(object)

    def encoded(self) -> list[bytes]:
        """The keys as they lie on disk, where their order is that of `unique`."""
        raw = np.empty((len(self), 9 if self.exact else self.keys.dtype.itemsize + 1), np.uint8)
        raw[:, 0] = PREFIX
        if self.exact:
            rising = (self.keys.view(np.uint64) ^ np.uint64(1 << 63)).astype(">u8")
            raw[:, 1:] = rising.view(np.uint8).reshape(len(self), 8)
            return _bytes(raw.view("V9"))
        raw[:, 1:] = np.ascontiguousarray(self.keys).view(np.uint8).reshape(len(self), raw.shape[1] - 1)
        return _bytes(raw.view(f"S{raw.shape[1]}"))


def _bytes(column: npt.NDArray[Any]) -> list[bytes]:
    """The values of a single column."""
    values: list[bytes] = column[:, 0].tolist()
    return values
