"""Candidates of a batch of users: which items, which sources brought them, with what score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.ragged import Ragged

SOURCES = ("two_tower", "popular", "history", "co_occurrence")
"""The sources whose ranks and bits are features of the ranker."""
OTHER_SOURCES = ("implicit",)
"""Sources that a ranker knows nothing of: were their ranks features too, no ranker of before could be served."""
BITS = {name: 1 << position for position, name in enumerate((*SOURCES, *OTHER_SOURCES))}
DEGRADED = 64  # the list was made without what is stored of the user, which could not be read
FALLBACK = 128  # the list is the popular one because nothing is known of the user


@dataclass(frozen=True)
class SourceList:
    """What one source retrieved: items by falling score, ragged over users.

    Args:
        items: int32 item codes.
        score: float32 `[total]`, the source's own scale.
    """

    items: Ragged
    score: npt.NDArray[np.float32]

    @property
    def rank(self) -> npt.NDArray[np.int64]:
        """Position of every entry in its user's list, from 0."""
        return np.arange(len(self.items.values)) - self.items.offsets[self.items.row_ids]


@dataclass(frozen=True)
class Candidates:
    """The union of several sources, each item once a user, by rising code.

    Args:
        items: int32 item codes, ragged over users.
        source: uint8 `[total]`, the bits (`BITS`) of all sources that brought the item.
        rank: float32 `[total, sources]`, 1 / (1 + position) in each source's list, 0 where it is absent.
    """

    items: Ragged
    source: npt.NDArray[np.uint8]
    rank: npt.NDArray[np.float32]

    @classmethod
    def union(cls, lists: dict[str, SourceList], users: int) -> Candidates:
        """Joins the lists of several sources.

        Args:
            lists: by the source's name (of `BITS`); a row a user each.
            users: number of rows.
        """
        rows = [found.items.row_ids for found in lists.values()]
        codes = [found.items.values for found in lists.values()]
        base = 1 + max((int(c.max()) for c in codes if len(c)), default=0)
        keys = [row * base + code for row, code in zip(rows, codes, strict=True)]
        pair = np.unique(np.concatenate([np.empty(0, np.int64), *keys]))
        source = np.zeros(len(pair), np.uint8)
        rank = np.zeros((len(pair), len(SOURCES)), np.float32)
        for (name, found), key in zip(lists.items(), keys, strict=True):
            at = np.searchsorted(pair, key)
            source[at] |= np.uint8(BITS[name])
            if name in SOURCES:
                rank[at, SOURCES.index(name)] = 1.0 / (1.0 + found.rank)
        lengths = np.bincount(pair // base, minlength=users)
        return cls(Ragged.from_lengths((pair % base).astype(np.int32), lengths), source, rank)

    def keep(self, mask: npt.NDArray[np.bool_]) -> Candidates:
        """Only the candidates where `mask` (`[total]`) is true."""
        return Candidates(self.items.keep(mask), self.source[mask], self.rank[mask])


def top_of_rows(
    row: npt.NDArray[np.int64], item: npt.NDArray[Any], score: npt.NDArray[np.float32], users: int, size: int
) -> SourceList:
    """The best-scored entries of each row, ties by rising item code.

    Args:
        row: int64 `[entries]`, in any order.
        item: item codes `[entries]`, distinct within a row.
        score: float32 `[entries]`.
        users: number of rows.
        size: most entries a row.
    """
    order = np.lexsort((item, -score, row))
    return first_of_rows(row[order], item[order], score[order], users, size)


def first_of_rows(
    row: npt.NDArray[np.int64], item: npt.NDArray[Any], score: npt.NDArray[np.float32], users: int, size: int
) -> SourceList:
    """The first entries of each row.

    Args:
        row: int64 `[entries]`, rising.
        item: item codes `[entries]`, the best of each row first.
        score: float32 `[entries]`.
        users: number of rows.
        size: most entries a row.
    """
    lengths = np.bincount(row, minlength=users)
    starts = np.cumsum(lengths) - lengths
    best = np.arange(len(row)) - np.repeat(starts, lengths) < size
    items = Ragged.from_lengths(item[best].astype(np.int32), np.minimum(lengths, size))
    return SourceList(items, score[best].astype(np.float32, copy=False))
