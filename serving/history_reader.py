"""HistoryReader: many users of a UserHistoryStore in one read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.schema import ColumnSchema, Schema
from ops_gpu.tiered import KeyType, StoreError, StoreMetrics, StoreSettings
from serving.feature_store_error import FeatureStoreError
from serving.operators.base import Columns
from serving.user_history_store import UserHistoryStore


class HistoryReader:
    """Reads rows of a store that another process may write to; stands where a `FeastReader` stands.

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
        self._folder, self._names = folder, columns.names
        try:
            self._users = UserHistoryStore.open(folder, settings)
        except StoreError as error:
            raise FeatureStoreError(str(error)) from error
        kept = "int64" if self._users.store.keys == KeyType.INT64 else "string"
        self._check(ColumnSchema("user_id", user_id_dtype), ColumnSchema("user_id", kept))
        for column in columns:
            held = self._users.schema
            if column.name not in held.names:
                raise ValueError(f"The store {folder} has no column {column.name!r}, but {', '.join(held.names)}.")
            self._check(column, held[column.name])

    def read(self, ids: npt.NDArray[Any]) -> tuple[Columns, npt.NDArray[np.bool_]]:
        """The features of a batch of users; see `FeastReader.read`."""
        try:
            found, known = self._users.read(ids, self._names)
        except StoreError as error:
            raise FeatureStoreError(str(error)) from error
        return {name: found[name] for name in self._names}, known

    @property
    def metrics(self) -> StoreMetrics:
        """Where rows came from."""
        return self._users.metrics

    def close(self) -> None:
        """Closes the store."""
        self._users.close()

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
