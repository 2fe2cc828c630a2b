"""CircuitBreaker: a feature store that may be away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ops_gpu.schema.schema import Schema
from serving.request.columns import Columns
from serving.stores.feast_values import decoder
from serving.stores.feature_store_error import FeatureStoreError
from serving.stores.timeout_call import TimeoutCall

log = logging.getLogger(__name__)
PATIENCE, PATIENCE_EACH = 0.25, 0.001
"""Seconds that a read may take, and those more for every user of a batch."""
FAILURES, PAUSE = 3, 1.0
"""After so many failed reads in a row the store is left alone for so many seconds."""
QUIET = 10.0


class UserReader(Protocol):
    """Reads users from a store; a `FeastReader` or a `HistoryReader`.

    `never_hangs` says whether a read gives up by itself in time, because it reads files of this machine.
    """

    @property
    def never_hangs(self) -> bool: ...

    def read(self, ids: npt.NDArray[Any]) -> tuple[Columns, npt.NDArray[np.bool_]]:
        """The features of a batch of users; FeatureStoreError when the store cannot be read."""


class CircuitBreaker:
    """Reads as a `FeastReader` does, and takes users for unknown while the store cannot be read.

    A read that fails or takes too long is no error here. A few in a row, and for a second nobody asks the
    store any more, so that one that hangs does not cost every request its time; then the next request tries
    again, over a new connection. The log says when the store goes away and when it is back.

    Args:
        connect: opens the reader; it is called again after a failure.
        columns: those of the reader.
        clock: gives seconds.
    """

    def __init__(
        self, connect: Callable[[], UserReader], columns: Schema, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connect, self._columns, self._clock = connect, columns, clock
        self._reader: UserReader | None = None
        self._failures, self._closed_until = 0, 0.0
        self._away, self._quiet_until = False, 0.0
        self._bounded = TimeoutCall(self._try)
        try:
            self._reader = connect()  # imports Feast, which takes longer than any patience
        except FeatureStoreError as error:
            self._failed(error)

    def read(self, ids: npt.NDArray[Any]) -> tuple[Columns, npt.NDArray[np.bool_], bool]:
        """The features of a batch of users.

        Args:
            ids: raw ids; see `FeastReader.read`.

        Returns:
            The columns; bool `[n]`, whether the store knows the user; and whether the store could not be read,
            so that every user was taken for unknown.
        """
        if self._failures < FAILURES or self._clock() >= self._closed_until:
            try:
                columns, known = self._read(ids)
            except (FeatureStoreError, TimeoutError, ValueError) as error:  # another store may stand in its place
                self._failed(error)
            else:
                self._succeeded()
                return columns, known, False
        nobody = {column.name: decoder(column)([None] * len(ids)) for column in self._columns}
        return nobody, np.zeros(len(ids), np.bool_), True

    def _read(self, ids: npt.NDArray[Any]) -> tuple[Columns, npt.NDArray[np.bool_]]:
        reader = self._reader  # a call that was given up may take it away at any moment
        if reader is not None and reader.never_hangs:
            return self._try(ids)  # waking another thread and waiting for it would double the time of a small read
        return self._bounded(ids, PATIENCE + PATIENCE_EACH * len(ids))

    def _try(self, ids: npt.NDArray[Any]) -> tuple[Columns, npt.NDArray[np.bool_]]:
        reader, self._reader = self._reader, None
        reader = reader or self._connect()
        found = reader.read(ids)
        self._reader = reader  # not after a failure: whatever state it is in then
        return found

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        self._closed_until = self._clock() + PAUSE
        # Not for every row that is damaged in a store that is well otherwise.
        if not self._away and self._clock() >= self._quiet_until:
            self._away = True
            log.warning("Users are taken for unknown, and answers marked as degraded: %s", error)

    def _succeeded(self) -> None:
        self._failures = 0
        if self._away:
            self._away, self._quiet_until = False, self._clock() + QUIET
            log.warning("The feature store can be read again.")
