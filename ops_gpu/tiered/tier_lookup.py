"""TierLookup: a batch of keys, tier after tier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ops_gpu.tiered.rows.keys import KeyBatch
from ops_gpu.tiered.rows.row_format import RowFormat
from ops_gpu.tiered.rows.tier import Mask, Rows, Tier


@dataclass(frozen=True)
class Looked:
    """What was found of a batch of keys.

    Args:
        rows: `[n]`, the default row where not known.
        known: bool `[n]`, whether the key has a row.
        level: int64 `[n]`, the tier that answered, as its place among the tiers; one beyond them: not yet.
    """

    rows: Rows
    known: Mask
    level: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Missing:
    """The keys that the first tier does not hold.

    Args:
        places: where they stand in the batch.
        wanted: each of them once.
        inverse: the position in `wanted` of each.
    """

    places: npt.NDArray[np.intp]
    wanted: KeyBatch
    inverse: npt.NDArray[np.intp]


class TierLookup:
    """Asks tiers in turn.

    Args:
        tiers: from the first to the one that holds everything.
        rows: the format of rows.
    """

    def __init__(self, tiers: Sequence[Tier], rows: RowFormat) -> None:
        self._tiers, self._format = tiers, rows

    def first(self, batch: KeyBatch) -> tuple[Looked, Missing | None]:
        """What the first tier holds, and what it does not; the latter is marked as not found yet."""
        found = self._tiers[0].find(batch)
        looked = Looked(found.rows, found.known, np.zeros(len(batch), np.int64))
        if found.held.all():
            return looked, None
        places = np.flatnonzero(~found.held)
        looked.level[places] = len(self._tiers)
        return looked, Missing(places, *batch.take(places).unique())

    def below(self, wanted: KeyBatch) -> Looked:
        """Looks keys, each once, up in the tiers below the first."""
        size = len(wanted)
        looked = Looked(self._format.empty(size), np.zeros(size, np.bool_), np.full(size, len(self._tiers)))
        left = np.arange(size)
        for level, tier in enumerate(self._tiers[1:], start=1):
            found = tier.find(wanted if len(left) == size else wanted.take(left))
            got = left[found.held]
            looked.rows[got], looked.known[got] = found.rows[found.held], found.known[found.held]
            looked.level[got] = level
            left = left[~found.held]
            if not len(left):
                break
        return looked

    def offer(self, wanted: KeyBatch, below: Looked) -> None:
        """Shows every tier what was found below it."""
        for level, tier in enumerate(self._tiers[:-1]):
            lower = below.level > level
            part = wanted if lower.all() else wanted.take(lower)
            if len(part):
                tier.offer(part, below.known[lower], below.rows[lower])

    def complete(self, looked: Looked, missing: Missing, below: Looked) -> Looked:
        """The whole batch, from what the first tier held and what was found below."""
        places, inverse = missing.places, missing.inverse
        looked.rows[places], looked.known[places] = below.rows[inverse], below.known[inverse]
        looked.level[places] = below.level[inverse]
        return looked

    def postpone(self, looked: Looked, missing: Missing) -> Looked:
        """The whole batch, with the default row for what the first tier does not hold."""
        absent = np.zeros(len(looked.known), np.bool_)
        absent[missing.places] = True
        self._format.fill(looked.rows, absent)
        return looked
