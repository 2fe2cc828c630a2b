"""FrequencySketch: about how often a key was asked for, for far more keys than there is room for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.stable_hash import Hashes, mix

MOST = 15
"""Where counting ends: who was asked for this often is hot whatever else there is."""
DEPTH = 2

Counts = npt.NDArray[np.uint8]


class FrequencySketch:
    """A count-min sketch (Cormode, Muthukrishnan 2005) that forgets by halving, as TinyLFU uses it.

    Every key has a counter in each of two rows, which it shares with others; the smaller one is what is known of
    it, never too low, seldom too high.

    Args:
        width: counters a row, one byte each; rounded down to a power of two.
    """

    def __init__(self, width: int) -> None:
        self._bits = max(1, max(2, width).bit_length() - 1)
        self._counts = np.zeros((DEPTH, 1 << self._bits), np.uint8)

    @property
    def nbytes(self) -> int:
        """Memory, bytes."""
        return self._counts.nbytes

    def add(self, tags: Hashes) -> Counts:
        """Counts one more request for each of these keys, uint8 `[n]` with it."""
        return self.raise_to(tags, np.minimum(self.estimate(tags) + np.uint8(1), np.uint8(MOST)))

    def estimate(self, tags: Hashes) -> Counts:
        """About how often each key was asked for, uint8 `[n]`."""
        places = self._places(tags)
        counts: Counts = np.minimum(self._counts[0].take(places[0]), self._counts[1].take(places[1]))
        return counts

    def raise_to(self, tags: Hashes, counts: Counts) -> Counts:
        """Sees to it that no key is known for less than this; gives back the counts."""
        for row, places in zip(self._counts, self._places(tags), strict=True):
            row[places] = np.maximum(row.take(places), counts)
        return counts

    def halve(self) -> None:
        """Makes room for what is new: what was not asked for of late fades."""
        self._counts >>= 1

    def _places(self, tags: Hashes) -> tuple[Hashes, Hashes]:
        shift = np.uint64(64 - self._bits)
        # A tag's high bits choose its bucket in memory: two keys of one bucket must not share their counters too.
        return mix(tags) >> shift, mix(~tags) >> shift
