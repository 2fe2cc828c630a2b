"""Candidates of a batch of users: which items, which sources brought them, with what score."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.kernel import Float32Matrix, Int32s, Int64Matrix, Int64s, UInt8s, UInt32s, kernel
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.primitives.top_k import top_k

FIRST_SOURCES = ("two_tower", "popular", "history", "co_occurrence", "implicit")
"""The sources of graphs that name none, with the bits that these have had from the beginning."""
FIRST_RANKED = 4
"""So many of them have ranks, which are features of the ranker: `implicit` came later."""
BITS = {name: 1 << position for position, name in enumerate(FIRST_SOURCES)}
"""Bits of the eight-bit column `source`; clients of before know no other."""
OTHER = 32  # a source that has no bit of its own there; the column `sources` tells which
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


@dataclass(frozen=True)
class Candidates:
    """The union of several sources, each item once a user, by rising code.

    Args:
        items: int32 item codes, ragged over users.
        source: uint8 `[total]`, the bits (`BITS`) of all sources that brought the item.
        sources: uint32 `[total]`, the same by the place of each source among those of the recommender.
        rank: float32 `[total, sources]`, 1 / (1 + position) in each source's list, 0 where it is absent.
    """

    items: Ragged
    source: npt.NDArray[np.uint8]
    sources: npt.NDArray[np.uint32]
    rank: npt.NDArray[np.float32]

    @classmethod
    def union(
        cls,
        lists: dict[str, SourceList],
        users: int,
        names: tuple[str, ...] = FIRST_SOURCES,
        ranked: int = FIRST_RANKED,
    ) -> Candidates:
        """Joins the lists of several sources.

        Args:
            lists: by the source's name; a row a user each.
            users: number of rows.
            names: all sources of the recommender, in the order of their bits.
            ranked: so many of them, from the first on, have a column of ranks.
        """
        if not lists:
            nothing = Ragged(np.empty(0, np.int32), np.zeros(users + 1, np.int64))
            return cls(nothing, *_values(0, ranked))
        codes = np.concatenate([found.items.values for found in lists.values()])
        lengths = itertools.accumulate((len(found.items.values) for found in lists.values()), initial=0)
        starts = np.concatenate([found.items.offsets for found in lists.values()]).reshape(len(lists), users + 1)
        starts += np.fromiter(lengths, np.int64, len(lists))[:, None]
        bits, places, columns = _of_sources(tuple(lists), names, ranked)
        items, offsets, (source, sources, rank) = (
            np.empty(len(codes), np.int32),
            np.zeros(users + 1, np.int64),
            _values(len(codes), ranked),
        )
        total = _union(starts, codes, bits, places, columns, offsets, items, source, sources, rank)
        return cls(Ragged(items[:total], offsets), source[:total], sources[:total], rank[:total])

    def keep(self, mask: npt.NDArray[np.bool_]) -> Candidates:
        """Only the candidates where `mask` (`[total]`) is true."""
        return Candidates(self.items.keep(mask), self.source[mask], self.sources[mask], self.rank[mask])


def top_of_rows(items: Ragged, score: npt.NDArray[np.float32], size: int) -> SourceList:
    """The best-scored entries of each row, ties as in `tie_order`.

    Args:
        items: int32 item codes, distinct within a row.
        score: float32 `[total]`, numbers.
        size: most entries a row.
    """
    return SourceList(*top_k(items, score, size))


@cache
def _of_sources(
    lists: tuple[str, ...], names: tuple[str, ...], ranked: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The old and the new bit of each source, and the column of its ranks (-1 for one that has none)."""
    places = [names.index(name) for name in lists]
    return (
        np.array([BITS.get(name, OTHER) for name in lists], np.uint8),
        np.array([1 << place for place in places], np.uint32),
        np.array([place if place < ranked else -1 for place in places], np.int64),
    )


def _values(entries: int, ranked: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32], npt.NDArray[np.float32]]:
    return np.zeros(entries, np.uint8), np.zeros(entries, np.uint32), np.zeros((entries, ranked), np.float32)


@kernel(writes=5)
def _union(
    starts: Int64Matrix,
    codes: Int32s,
    bits: UInt8s,
    places: UInt32s,
    columns: Int64s,
    offsets: Int64s,
    items: Int32s,
    source: UInt8s,
    sources: UInt32s,
    rank: Float32Matrix,
) -> int:
    """Sorts all entries of a user by code, source and place, packed into one number; gives the number of candidates."""
    total = 0
    for user in range(starts.shape[1] - 1):
        count = 0
        for origin in range(len(bits)):
            count += starts[origin, user + 1] - starts[origin, user]
        keys = np.empty(count, np.int64)
        at = 0
        for origin in range(len(bits)):
            for place in range(starts[origin, user], starts[origin, user + 1]):
                keys[at] = (np.int64(codes[place]) << 32) | (origin << 27) | (place - starts[origin, user])
                at += 1
        last = np.int64(-2)  # no code: -1 might come from who fills lists up
        for key in np.sort(keys):
            code = key >> 32
            if code != last:
                items[total] = code
                total += 1
                last = code
            origin = (key >> 27) & 31
            source[total - 1] |= bits[origin]
            sources[total - 1] |= places[origin]
            if columns[origin] >= 0:
                rank[total - 1, columns[origin]] = 1.0 / (1.0 + (key & 0x7FFFFFF))
        offsets[user + 1] = total
    return total
