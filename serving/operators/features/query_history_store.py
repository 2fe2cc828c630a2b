"""QueryHistoryStore: what is known of each user, from a store larger than memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops_gpu.tiered import StoreMetrics, StoreSettings
from serving.operators.features.query_users import QueryUsers
from serving.stores.history_reader import HistoryReader

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class QueryHistoryStore(QueryUsers):
    """Reads users from a `UserHistoryStore`; gives what `QueryFeast` gives.

    The store is followed: what its writer, another process, has written is seen within `refresh_seconds`. Users
    who come often are answered from memory, the others from disk. All releases that run may read one store.

    Args:
        store: its folder; a relative path starts at the release's directory.
        features: schema of the raw user features wanted, as `Schema.to_dict` writes it.
        user_id_dtype: type of raw user ids, `int64` or `string`.
        item_id_dtype: type of raw item ids, `int64` or `string`.
        memory_mb: for users who come often and for RocksDB, in MiB.
        refresh_seconds: how soon a write is seen.

    Raises:
        FeatureStoreError: by `bind` when the store cannot be opened, by `transform` when it cannot be read;
            neither where it is bound tolerantly.
        ValueError: by both ways of binding, when the store has no such column, or one of another type.

    Example:
        >>> user = ["user_id"] >> QueryHistoryStore("../../../histories/demo", raw_users.to_dict())
    """

    store: str
    features: Mapping[str, Any]
    user_id_dtype: str = "int64"
    item_id_dtype: str = "int64"
    memory_mb: float = 256.0
    refresh_seconds: float = 0.1

    def connect(self, release: Release) -> HistoryReader:
        settings = StoreSettings(int(self.memory_mb * 2**20), refresh_seconds=self.refresh_seconds)
        self._reader = HistoryReader(release.outside(self.store), self.columns, self.user_id_dtype, settings)
        return self._reader

    def store_metrics(self) -> StoreMetrics | None:
        return self._reader.metrics if hasattr(self, "_reader") else None
