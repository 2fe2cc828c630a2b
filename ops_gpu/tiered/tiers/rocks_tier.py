"""RocksTier: all rows, on disk, in RocksDB."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ops_gpu.primitives.stable_hash import Hashes
from ops_gpu.tiered.rows.keys import KeyBatch
from ops_gpu.tiered.rows.row_format import RowFormat
from ops_gpu.tiered.rows.store_error import StoreError
from ops_gpu.tiered.rows.store_settings import StoreSettings
from ops_gpu.tiered.rows.tier import Found, Rows, Tier
from ops_gpu.tiered.tiers.change_log import ChangeLog
from ops_gpu.tiered.tiers.rocks_options import BLOCK

if TYPE_CHECKING:
    from rocksdict import Rdict

LEAST_READS = 8
"""Fewer keys than this are not worth a thread."""
MOST_READS = 64
"""Keys that a thread reads at once: RocksDB holds a block of 4 KB for each until it is done."""


class RocksTier(Tier):
    """Rows in a RocksDB database, read by several threads at once.

    RocksDB reads a batch key by key, each read waiting for the disk; RocksDict lets go of Python's lock meanwhile,
    so that a batch is cut into parts that wait at the same time.

    Args:
        database: open, in raw mode.
        place: the store's folder, for messages.
        rows: the format.
        settings: of the store.
        changes: where writes are noted or read from; None for a database that never changes.
        writes: whether this process may write.
        on_close: called at the end, of the process if need be.
    """

    name: ClassVar[str] = "disk"

    def __init__(
        self,
        database: Rdict,
        place: str,
        rows: RowFormat,
        settings: StoreSettings,
        changes: ChangeLog | None = None,
        writes: bool = False,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self._database, self._place, self._format, self._settings = database, place, rows, settings
        self._changes, self._writes = changes, writes
        self._finish = weakref.finalize(self, on_close)
        self._threads = ThreadPoolExecutor(settings.read_threads, thread_name_prefix="store-read")

    @property
    def nbytes(self) -> int:
        names = ("rocksdb.estimate-table-readers-mem", "rocksdb.block-cache-usage", "rocksdb.cur-size-all-mem-tables")
        return sum(self._database.property_int_value(name) or 0 for name in names)

    @property
    def reserved_bytes(self) -> int:
        """Memory that it may come to use: caches, write buffers and blocks at hand, and the indexes as they are."""
        indexes = self._database.property_int_value("rocksdb.estimate-table-readers-mem") or 0
        buffers = 2 * self._settings.write_buffer_bytes if self._changes else 0
        at_hand = self._settings.read_threads * MOST_READS * 2 * BLOCK  # a block may lie across two
        return indexes + self._settings.block_cache_bytes + buffers + at_hand

    def find(self, batch: KeyBatch) -> Found:
        values = np.empty(len(batch), object)
        values[:] = self._get(batch.encoded())
        known = values != None  # noqa: E711 - elementwise
        rows = self._format.empty(len(batch))
        try:
            rows[known] = self._format.collect(values[known].tolist())
        except ValueError as error:
            raise StoreError(f"The store in {self._place} is damaged ({error}); build it anew.") from error
        self._format.fill(rows, ~known)
        return Found(np.ones(len(batch), np.bool_), known, rows)

    def write(self, batch: KeyBatch, rows: Rows | None) -> None:
        from rocksdict import WriteBatch, WriteOptions

        if not self._writes or self._changes is None:
            raise StoreError(f"The store in {self._place} was opened to be read; open it with mode='write'.")
        changes, names = WriteBatch(raw_mode=True), batch.encoded()
        if rows is None:
            deque(map(changes.delete, names), maxlen=0)
        else:
            deque(map(changes.put, names, rows.tolist()), maxlen=0)
        self._changes.note(changes, batch.tags)
        options = WriteOptions()
        options.sync = self._settings.durable
        self._asked(self._database.write, changes, options)
        self._changes.written()

    @property
    def is_behind(self) -> bool:
        """Whether another process seems to have written something that is not seen here yet."""
        return self._changes is not None and not self._writes and self._changes.is_behind

    def catch_up(self) -> Hashes | None:
        """Takes over what another process has written; tags of the keys that changed, None where they may be any."""
        assert self._changes is not None
        tags: Hashes | None = self._asked(self._changes.catch_up)
        return tags

    def close(self) -> None:
        self._threads.shutdown()
        if self._changes is not None:
            self._changes.close()
        self._asked(self._database.close)
        self._finish()

    def _get(self, names: list[bytes]) -> list[bytes | None]:
        parts = min(self._settings.read_threads, len(names) // LEAST_READS)
        if parts < 2:
            return self._read(names)
        size = min(-(-len(names) // parts), MOST_READS)
        found = self._threads.map(self._read, (names[start : start + size] for start in range(0, len(names), size)))
        return [value for part in found for value in part]

    def _read(self, names: list[bytes]) -> list[bytes | None]:
        found: list[bytes | None] = self._asked(self._database.get, names) if names else []
        return found

    def _asked(self, ask: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return ask(*arguments)
        except Exception as error:  # RocksDict's errors are plain exceptions
            raise StoreError(f"The store in {self._place} does not answer ({error}); build it anew.") from error
