"""FollowedStore: a store that another process writes to."""

from __future__ import annotations

import logging
import threading
import weakref

from ops_gpu.tiered.keys import KeyType
from ops_gpu.tiered.memory_tier import MemoryTier
from ops_gpu.tiered.rocks_tier import RocksTier
from ops_gpu.tiered.row_format import RowFormat
from ops_gpu.tiered.store_error import StoreError
from ops_gpu.tiered.store_settings import StoreSettings
from ops_gpu.tiered.tiered_store import TieredStore

log = logging.getLogger(__name__)


class FollowedStore(TieredStore):
    """Reads a store beside its writer: a batch of writes is seen as a whole, `refresh_seconds` later at most.

    A thread looks for what is new; as long as there is nothing, that costs one look into shared memory. What has
    changed is forgotten here and read anew when it is asked for.

    Args:
        memory: hot rows.
        disk: the database, opened as a follower.
        keys: what keys are.
        rows: the format of rows.
        settings: of the store.
    """

    def __init__(
        self, memory: MemoryTier, disk: RocksTier, keys: KeyType, rows: RowFormat, settings: StoreSettings
    ) -> None:
        super().__init__([memory, disk], keys, rows, settings.background_above)
        self._disk, self._period = disk, settings.refresh_seconds
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
