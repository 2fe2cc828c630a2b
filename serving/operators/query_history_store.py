"""QueryHistoryStore: what is known of each user, from a store larger than memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ops_gpu.schema import ColumnSchema, Schema
from ops_gpu.tiered import KeyType, StoreError, StoreMetrics, StoreSettings
from serving.feature_store_error import FeatureStoreError
from serving.operators.base import Columns, Need, ServingOperator, array
from serving.operators.query_feast import KNOWN, user_columns
from serving.user_history_store import UserHistoryStore

if TYPE_CHECKING:
    from serving.release import Release


@dataclass
class QueryHistoryStore(ServingOperator):
    """Reads user features and complete histories from a `UserHistoryStore`; gives what `QueryFeast` gives.

    The store is followed: what its writer, another process, has written is seen within `refresh_seconds`. Users
    who come often are answered from memory, the others from disk. All releases that run may read one store.

    Args:
        store: its folder; a relative path starts at the release's directory.
        features: schema of the raw user features wanted, as `Schema.to_dict` writes it.
        user_id_dtype: type of raw user ids, `int64` or `string`.
        item_id_dtype: type of raw item ids, `int64` or `string`.
        memory_mb: for hot users and for RocksDB, in MiB.
        refresh_seconds: how soon a write is seen.

    Raises:
        FeatureStoreError: by `bind` when the store cannot be opened, by `transform` when it cannot be read.
        ValueError: by `bind` when it has no such column, or one of another type.

    Example:
        >>> user = ["user_id"] >> QueryHistoryStore("../../../histories/demo", raw_users.to_dict())
    """

    stage: ClassVar[str] = "features"

    store: str
    features: Mapping[str, Any]
    user_id_dtype: str = "int64"
    item_id_dtype: str = "int64"
    memory_mb: float = 256.0
    refresh_seconds: float = 0.1

    def needs(self) -> tuple[Need, ...]:
        return (Need("user_id", (self.user_id_dtype,)),)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (*self._columns.names, KNOWN)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema([*self._columns, ColumnSchema(KNOWN, "bool")])

    def evidence(self) -> dict[str, str]:
        return {f"user_{name}": name for name in self.output_names(())}

    def bind(self, release: Release) -> None:
        settings = StoreSettings(int(self.memory_mb * 2**20), refresh_seconds=self.refresh_seconds)
        try:
            self._users = UserHistoryStore.open(release.path / self.store, settings)
        except StoreError as error:
            raise FeatureStoreError(str(error)) from error
        self._names = self._columns.names
        kept = "int64" if self._users.store.keys == KeyType.INT64 else "string"
        if kept != self.user_id_dtype:
            raise ValueError(f"user_id of the store {self.store} is {kept}, expected {self.user_id_dtype}.")
        for column in self._columns:
            self._check(column)

    def transform(self, columns: Columns) -> Columns:
        ids = array(columns, "user_id")
        try:
            found, known = self._users.read(ids, self._names)
        except StoreError as error:
            raise FeatureStoreError(str(error)) from error
        return {**{name: found[name] for name in self._names}, KNOWN: known}

    def store_metrics(self) -> StoreMetrics | None:
        return self._users.metrics

    def _check(self, wanted: ColumnSchema) -> None:
        """ValueError where the store's column would not be what the graph was built for."""
        held = self._users.schema
        if wanted.name not in held.names:
            raise ValueError(f"The store {self.store} has no column {wanted.name!r}, but {', '.join(held.names)}.")
        column = held[wanted.name]
        kinds = [np.dtype(c.numpy_dtype).kind.replace("u", "i") for c in (wanted, column)]
        if column.is_list != wanted.is_list or kinds[0] != kinds[1]:
            raise ValueError(
                f"Column {wanted.name!r} of the store {self.store} is {_said(column)}, expected {_said(wanted)}; "
                "build the store from the users that the release was built from."
            )

    @property
    def _columns(self) -> Schema:
        return user_columns(self.features, self.item_id_dtype)


def _said(column: ColumnSchema) -> str:
    return f"a list of {column.dtype}" if column.is_list else column.dtype
