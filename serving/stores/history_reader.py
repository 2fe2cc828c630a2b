"""HistoryReader: many users of a UserHistoryStore in one read."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.tiered import KeyType, StoreError, StoreMetrics, StoreSettings
from serving.request.columns import Columns
from serving.stores.feature_store_error import FeatureStoreError
from serving.stores.user_history_store import UserHistoryStore

log = logging.getLogger(__name__)
PAUSE = 10.0
"""Seconds until a store that could not be taken over is tried again."""


class HistoryReader:
    """Reads rows of a store that another process may write to; stands where a `FeastReader` stands.

    Where a store is built in the place of the one that it reads, it goes over to the new one by itself.

    Args:
        folder: the store's.
        columns: those wanted.
        user_id_dtype: type of ids, `int64` or `string`.
        settings: of the store.

    Raises:
        FeatureStoreError: when the store cannot be opened.
        ValueError: when it has no such column, or columns or ids of another type.
    """

    def __init__(self, folder: Path, columns: Schema, user_id_dtype: str, settings: StoreSettings) -> None:
        self._folder, self._settings = folder, settings
        self._columns, self._key = columns, ColumnSchema("user_id", user_id_dtype)
        self._opening, self._not_before = threading.Lock(), 0.0
        try:
            self._users = self._open()
        except StoreError as error:
            raise FeatureStoreError(str(error)) from error

    def read(self, ids: npt.NDArray[Any]) -> tuple[Columns, npt.NDArray[np.bool_]]:
        """The features of a batch of users; see `FeastReader.read`."""
        if self._users.is_replaced and time.monotonic() >= self._not_before and self._opening.acquire(blocking=False):
            threading.Thread(target=self._reopen, name="store-reopen", daemon=True).start()
        try:
            found, known = self._users.read(ids, self._columns.names)
        except StoreError as error:
            raise FeatureStoreError(str(error)) from error
        return {name: found[name] for name in self._columns.names}, known

    @property
    def never_hangs(self) -> bool:
        """True: it reads files of this machine."""
        return True

    @property
    def metrics(self) -> StoreMetrics:
        """Where rows came from."""
        return self._users.metrics

    def close(self) -> None:
        """Closes the store."""
        self._users.close()

    def _open(self) -> UserHistoryStore:
        users = UserHistoryStore.open(self._folder, self._settings)
        held = users.schema
        kept = "int64" if users.store.keys == KeyType.INT64 else "string"
        self._check(self._key, ColumnSchema("user_id", kept))
        for column in self._columns:
            if column.name not in held.names:
                raise ValueError(
                    f"The store {self._folder} has no column {column.name!r}, but {', '.join(held.names)}."
                )
            self._check(column, held[column.name])
        return users

    def _reopen(self) -> None:
        """Goes over to the store that was built in the place of this one, while requests read on."""
        try:
            if self._users.is_replaced:
                self._users = self._open()
        except (StoreError, ValueError) as error:
            self._not_before = time.monotonic() + PAUSE
            log.warning("The store that was read before is read on: %s", error)
        finally:
            self._opening.release()

    def _check(self, wanted: ColumnSchema, held: ColumnSchema) -> None:
        """ValueError where the store's column is not what the graph was built for; integers are of any width."""
        kinds = [column.numpy_dtype.kind.replace("u", "i") for column in (wanted, held)]
        if held.is_list != wanted.is_list or kinds[0] != kinds[1]:
            raise ValueError(
                f"Column {wanted.name!r} of the store {self._folder} is {_said(held)}, expected {_said(wanted)}; "
                "build the store from the users that the release was built from."
            )


def _said(column: ColumnSchema) -> str:
    return f"a list of {column.dtype}" if column.is_list else column.dtype
