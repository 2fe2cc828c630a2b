"""TieredStore: rows by key from memory, then disk, with writes while it is read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.stable_hash import Hashes
from ops_gpu.tiered.background_fetch import BackgroundFetch
from ops_gpu.tiered.rows.keys import KeyBatch, KeyType
from ops_gpu.tiered.rows.row_format import Columns, RowFormat
from ops_gpu.tiered.rows.tier import Mask, Rows, Tier
from ops_gpu.tiered.store_metrics import StoreMetrics
from ops_gpu.tiered.tier_lookup import Looked, Missing, TierLookup
from ops_gpu.tiered.write_order import WriteOrder


@dataclass(frozen=True)
class StoredRows:
    """Rows of a batch of keys.

    Args:
        columns: by name, `[n, *shape]` or `Ragged` of n rows; the default row where not known.
        known: bool `[n]`, whether the key has a row; false where pending.
        pending: bool `[n]`, whether the row is being fetched, the default row standing in for it.
    """

    columns: Columns
    known: Mask
    pending: Mask


class TieredStore:
    """Rows by key, looked up in tier after tier; what was found low down is offered to the tiers above.

    What a batch is answered is the state of one moment: of a batch of writes a reader sees all or nothing, and
    after `upsert` has returned every reader of this process sees it. Readers do not wait for each other, nor for
    a writer unless both are about the same keys.

    Args:
        tiers: from the smallest and fastest to the one that holds everything.
        keys: what keys are.
        rows: the format of rows.
        background_above: see `StoreSettings`.

    Example:
        >>> from ops_gpu.tiered import KeyType, RowFormat, StoreSettings, build_store, open_store
        >>> rows = RowFormat.of_dtype(np.dtype([("vector", "f4", (16,))]))
        >>> build_store("items", KeyType.INT64, rows, [(np.arange(1000), {"vector": vectors})])
        >>> store = open_store("items", StoreSettings(memory_bytes=128 << 20))
        >>> store.read(np.array([3, 5])).columns["vector"].shape
        (2, 16)
    """

    def __init__(
        self, tiers: Sequence[Tier], keys: KeyType, rows: RowFormat, background_above: float | None = None
    ) -> None:
        self.tiers, self.keys, self.rows = tuple(tiers), keys, rows
        self._lookup, self._order = TierLookup(self.tiers, rows), WriteOrder()
        self._background_above = background_above
        self._fetch = None if background_above is None else BackgroundFetch(self._from_below)
        self._counting = threading.Lock()
        self._counts = np.zeros(len(self.tiers) + 3, np.int64)  # by tier; then pending, unknown, written

    def read(self, keys: npt.ArrayLike, columns: Sequence[str] | None = None) -> StoredRows:
        """The rows of keys.

        Args:
            keys: `[n]`, of the store's type; they may repeat.
            columns: names of those wanted, None for all.

        Raises:
            ValueError: when keys are of another type.
            StoreError: when a tier does not answer.
        """
        batch = KeyBatch.of(keys, self.keys)
        mark = self._order.mark()
        looked, missing = self._lookup.first(batch)
        if missing is not None and self._fetch is not None and self._goes_on(len(missing.places), len(batch)):
            self._fetch.add(missing.wanted)
            looked = self._lookup.postpone(looked, missing)
        elif missing is not None:
            looked = self._wait_for(batch, mark, looked, missing)
        pending = looked.level == len(self.tiers)
        self._count(looked.level, int((~looked.known & ~pending).sum()))
        return StoredRows(self.rows.decode(looked.rows, columns), looked.known, pending)

    def upsert(self, keys: npt.ArrayLike, columns: Mapping[str, Any]) -> None:
        """Writes rows, new ones or in the place of old ones; of equal keys the last counts.

        Args:
            keys: `[n]`.
            columns: all of the format's, n rows.

        Raises:
            ValueError: when keys or columns do not fit.
            StoreError: when the store cannot be written; nothing of the batch is then.
        """
        batch, rows = KeyBatch.of(keys, self.keys), self.rows.encode(columns)
        if len(rows) != len(batch):
            raise ValueError(f"There are {len(batch)} keys and {len(rows)} rows; give one row a key.")
        last = batch.last_of_each()
        self._write(batch.take(last), rows[last])

    def delete(self, keys: npt.ArrayLike) -> None:
        """Takes the rows of keys away; a key without a row stays without one."""
        self._write(KeyBatch.of(keys, self.keys).unique()[0], None)

    def refresh(self, change: Callable[[], Hashes | None]) -> None:
        """Lets a lower tier take over what others have written to it.

        Args:
            change: does so, and gives the tags of the keys that changed, None where they may be any.
        """
        with self._order.writing(None):
            tags = change()
            with self._order.settled():
                for tier in self.tiers[:-1]:
                    tier.forget(tags)

    @property
    def metrics(self) -> StoreMetrics:
        """Counts since the store was opened."""
        with self._counting:
            *found, pending, unknown, written = self._counts.tolist()
        names = [tier.name for tier in self.tiers]
        memory = {tier.name: tier.nbytes for tier in self.tiers}
        return StoreMetrics(dict(zip(names, found, strict=True)), pending, unknown, written, memory)

    def wait_for_fetches(self, timeout: float | None = None) -> bool:
        """Waits until nothing is pending; whether it came to that in time (seconds)."""
        return self._fetch is None or self._fetch.join(timeout)

    def close(self) -> None:
        """Closes all tiers; what was written is on disk."""
        if self._fetch is not None:
            self._fetch.close()
        with self._order.alone():
            for tier in self.tiers:
                tier.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _goes_on(self, missing: int, rows: int) -> bool:
        """Whether so few keys of a batch are missing that they are not waited for."""
        return self._background_above is not None and 1 - missing / rows >= self._background_above

    def _wait_for(self, batch: KeyBatch, mark: int, looked: Looked, missing: Missing) -> Looked:
        below = self._lookup.below(missing.wanted)
        with self._order.undisturbed(mark, batch.tags) as undisturbed:
            if undisturbed:
                self._lookup.offer(missing.wanted, below)
                return self._lookup.complete(looked, missing, below)
        with self._order.alone():
            again, still = self._lookup.first(batch)
            if still is None:
                return again
            below = self._lookup.below(still.wanted)
            self._lookup.offer(still.wanted, below)
            return self._lookup.complete(again, still, below)

    def _from_below(self, wanted: KeyBatch) -> None:
        """Offers rows to the upper tiers, unless they are just being written."""
        mark = self._order.mark()
        below = self._lookup.below(wanted)
        with self._order.undisturbed(mark, wanted.tags) as undisturbed:
            if undisturbed:
                self._lookup.offer(wanted, below)

    def _write(self, batch: KeyBatch, rows: Rows | None) -> None:
        with self._order.writing(batch.tags):
            self.tiers[-1].write(batch, rows)
            with self._order.settled():
                for tier in self.tiers[:-1]:
                    tier.write(batch, rows)
        with self._counting:
            self._counts[-1] += len(batch)

    def _count(self, level: npt.NDArray[np.int64], unknown: int) -> None:
        found = np.bincount(level, minlength=len(self._counts))
        with self._counting:
            self._counts += found
            self._counts[-2] += unknown
