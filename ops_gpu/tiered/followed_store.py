"""FollowedStore: a store that another process writes to."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from contextlib import suppress
from pathlib import Path

from ops_gpu.tiered.rows.store_error import StoreError
from ops_gpu.tiered.rows.store_settings import StoreSettings
from ops_gpu.tiered.store_description import FILE, StoreDescription
from ops_gpu.tiered.tiered_store import TieredStore
from ops_gpu.tiered.tiers.memory_tier import MemoryTier
from ops_gpu.tiered.tiers.rocks_tier import RocksTier

log = logging.getLogger(__name__)


class FollowedStore(TieredStore):
    """Reads a store beside its writer: a batch of writes is seen as a whole, `refresh_seconds` later at most.

    A thread looks for what is new; as long as there is nothing, that costs one look into shared memory. What has
    changed is forgotten here and read anew when it is asked for.

    Args:
        memory: hot rows.
        disk: the database, opened as a follower.
        told: what the store says of itself.
        folder: the store's.
        settings: of the store.

    Attributes:
        is_replaced: whether another store was built in its place: this one is still read, and stays as it is.
    """

    def __init__(
        self, memory: MemoryTier, disk: RocksTier, told: StoreDescription, folder: Path, settings: StoreSettings
    ) -> None:
        super().__init__([memory, disk], told.keys, told.rows, settings.background_above)
        self._disk, self._period = disk, settings.refresh_seconds
        self._path, self._identity = folder / FILE, (folder / FILE).stat()
        self.is_replaced = False
        self._closed = threading.Event()
        # The thread holds no store that nobody else holds: whoever opened it may forget to close it.
        self._watching = threading.Thread(
            target=_watch, args=(weakref.ref(self), self._closed, self._period), name="store-follow", daemon=True
        )
        self._watching.start()

    def catch_up(self) -> None:
        """Takes over at once what the writer has written."""
        self.refresh(self._disk.catch_up)

    def close(self) -> None:
        """Ends the thread and closes all tiers."""
        self._closed.set()
        self._watching.join()
        super().close()

    def look(self) -> None:
        """Takes over what the writer has written, if there seems to be anything."""
        with suppress(FileNotFoundError):  # for a moment, while a store takes the place of another
            self.is_replaced = not os.path.samestat(self._path.stat(), self._identity)
        if self._disk.is_behind:
            try:
                self.catch_up()
            except StoreError as error:  # what was there before is still served; the next look may fare better
                log.warning("%s", error)


def _watch(followed: weakref.ref[FollowedStore], closed: threading.Event, period: float) -> None:
    while not closed.wait(period):
        store = followed()
        if store is None:
            return
        store.look()
        del store
