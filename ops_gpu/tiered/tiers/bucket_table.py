"""BucketTable: which slot of memory holds which key, and who has to go when there is no room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.stable_hash import Hashes
from ops_gpu.tiered.tiers.frequency_sketch import MOST, Counts, FrequencySketch

WAYS = 8
"""Slots a bucket: the tags of one bucket are one line of the processor's cache."""
PERIOD = 20
"""Frequencies are halved after so many requests a slot. Room for a tenth of 100,000 keys of Zipf 1.05 finds, of the
85.3% that it could, 82.9% at 10, 83.7% at 20 and 84.2% at 40; least recently used finds 79.5%."""
SKETCH = 4
"""Counters a slot, in each row of the sketch: with 1, 2, 4 and 8 the same finds 82.2, 83.2, 83.7 and 83.9%."""

Slots = npt.NDArray[np.int64]


class BucketTable:
    """Keys in buckets of eight slots, with frequencies; whole batches at once, in numpy.

    A key may lie in the slots of one bucket only, so that finding it is one gather. A newcomer takes the place of
    its bucket's least frequent key if it was asked for more often itself (TinyLFU: Einziger, Friedman, Manes
    2017); a key that left is remembered by its frequency. Not safe for several threads: see `MemoryTier`.

    Args:
        slots: how many keys there is room for; rounded down to a multiple of 8, at least 8.
    """

    def __init__(self, slots: int) -> None:
        self._buckets = max(1, slots // WAYS)
        self._tags: Hashes = np.zeros((self._buckets, WAYS), np.uint64)  # 0 is a free slot
        self._counts: Counts = np.zeros((self._buckets, WAYS), np.uint8)
        self._sketch = FrequencySketch(SKETCH * self.slots)
        self._requests = 0

    @property
    def slots(self) -> int:
        """How many keys there is room for."""
        return self._buckets * WAYS

    @property
    def nbytes(self) -> int:
        """Memory, bytes."""
        return self._tags.nbytes + self._counts.nbytes + self._sketch.nbytes

    def find(self, tags: Hashes) -> Slots:
        """The slot of each key, -1 where it is not here; int64 `[n]`."""
        bucket = self._bucket(tags)
        places = np.flatnonzero(self._tags.take(bucket, axis=0) == tags[:, None])
        slots = np.full(len(tags), -1, np.int64)
        row = places // WAYS
        slots[row] = bucket[row] * WAYS + places % WAYS
        if not tags.all():  # tag 0 looks like a free slot; one key in 2^64 has it, and is never kept
            slots[tags == 0] = -1
        return slots

    def count(self, slots: Slots, requests: int) -> None:
        """Notes that these slots were asked for, once a batch, among so many requests."""
        flat = self._counts.reshape(-1)
        flat[slots] = np.minimum(flat.take(slots) + np.uint8(1), np.uint8(MOST))
        self._requests += requests
        if self._requests >= PERIOD * self.slots:
            self._requests = 0
            self._counts >>= 1
            self._sketch.halve()

    def place(self, tags: Hashes) -> Slots:
        """Finds slots for keys that were asked for and are not here.

        Args:
            tags: each once.

        Returns:
            int64 `[n]`, the slot that is now the key's, -1 where those here are asked for more often.
        """
        frequency = self._sketch.add(tags)
        slots = np.full(len(tags), -1, np.int64)
        bucket = self._bucket(tags)
        order = np.lexsort((-frequency.astype(np.int16), bucket))
        order = order[tags[order] != 0]
        # One newcomer a bucket and round, the most frequent first: a later one then never takes an earlier one's.
        start = np.flatnonzero(np.diff(bucket[order], prepend=-1))
        turn = np.arange(len(order)) - np.repeat(start, np.diff(start, append=len(order)))
        for number in range(min(WAYS, int(turn.max(initial=-1)) + 1)):
            rows = order[turn == number]
            slots[rows] = self._take_over(bucket[rows], tags[rows], frequency[rows])
        return slots

    def free(self, slots: Slots) -> None:
        """Makes these slots nobody's."""
        self._tags.reshape(-1)[slots] = 0
        self._counts.reshape(-1)[slots] = 0

    def least(self, first: int, buckets: int) -> Slots:
        """The least frequent key of each of so many buckets after the first (they go round), where there is one."""
        chosen = np.unique((first + np.arange(min(buckets, self._buckets))) % self._buckets)
        way = np.where(self._tags[chosen] == 0, MOST + 1, self._counts[chosen]).argmin(axis=1)
        slots = chosen * WAYS + way
        held: Slots = slots[self._tags.reshape(-1)[slots] != 0]
        return held

    def _take_over(self, bucket: Slots, tags: Hashes, frequency: Counts) -> Slots:
        """Slots in these buckets, all different, for keys of these frequencies; -1 where nobody goes."""
        slots = bucket * WAYS + self._counts.take(bucket, axis=0).argmin(axis=1)
        flat, counts = self._tags.reshape(-1), self._counts.reshape(-1)
        wins = frequency > counts.take(slots)
        won = slots[wins]
        self._sketch.raise_to(flat.take(won), counts.take(won))
        flat[won], counts[won] = tags[wins], frequency[wins]
        return np.where(wins, slots, -1)

    def _bucket(self, tags: Hashes) -> Slots:
        return ((tags >> np.uint64(32)) * np.uint64(self._buckets) >> np.uint64(32)).view(np.int64)
