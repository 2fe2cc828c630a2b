"""Tier: one of the places, ever larger and slower, in which a store looks for a row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.stable_hash import Hashes
from ops_gpu.tiered.rows.keys import KeyBatch

Rows = npt.NDArray[Any]
"""Encoded rows `[n]`: fixed-width (numpy's `V`), or one Python `bytes` each (dtype object)."""
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Found:
    """What a tier says of a batch of keys.

    Args:
        held: bool `[n]`, whether the tier can say anything of the key. The last tier can of all.
        known: bool `[n]`, whether the key has a row; false too where it is known to have none.
        rows: `[n]`, the row where `known`, the default row where only `held`, anything where neither.
    """

    held: Mask
    known: Mask
    rows: Rows


class Tier(ABC):
    """A place for encoded rows by key; a store asks its tiers in turn, the last of which holds everything.

    All methods may be called by several threads at once. A row is given as it was written, never half of it.
    Memory and RocksDB are tiers; a cache shared over the network stands between them, one on a GPU before them.
    """

    name: ClassVar[str]

    @abstractmethod
    def find(self, batch: KeyBatch) -> Found:
        """What is known here of these keys, which may repeat."""

    @abstractmethod
    def write(self, batch: KeyBatch, rows: Rows | None) -> None:
        """Makes these the rows of the keys, or takes the rows away (None).

        The last tier keeps them all, another one only has to forget or replace what it held.

        Args:
            batch: keys, each once.
            rows: `[n]`.
        """

    def offer(self, batch: KeyBatch, known: Mask, rows: Rows) -> None:
        """Shows rows that were read from a lower tier and may be kept here; the last tier is never asked.

        Args:
            batch: keys, each once.
            known: bool `[n]`; a key without a row is worth keeping too.
            rows: `[n]`, the default row where not known.
        """
        return  # keeping nothing is right for any tier

    def forget(self, tags: Hashes | None) -> None:
        """Drops what is held of the keys of these tags, None for all, because a lower tier changed."""
        return  # the last tier is what others forget for

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Memory in use, bytes."""

    def close(self) -> None:
        """Gives back what is held; nothing is asked of the tier afterwards."""
        return  # most hold nothing but memory
