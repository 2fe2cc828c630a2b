"""SqliteRows: the rows of a feature view in Feast's SQLite store, in half the time that Feast takes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LOCKED_MS = 125
"""How long a read waits for who writes to the file."""


class SqliteRows:
    """Reads the table that Feast's `SqliteOnlineStore` writes, as its `online_read` does.

    Feast asks for the key of every row again, and makes a moment of every value's time, where one a user is enough. A
    file that was removed or replaced is opened anew: SQLite itself would go on reading the old one, and make an empty
    one in the place of one that is gone.

    Args:
        store: a `feast.FeatureStore` whose online store is SQLite.
        view: the feature view.

    Raises:
        FileNotFoundError: when there is no such file, here and by `read`.
    """

    def __init__(self, store: Any, view: Any) -> None:
        from feast.infra.key_encoding_utils import serialize_entity_key
        from feast.infra.online_stores.helpers import compute_table_id
        from feast.protos.feast.types.Value_pb2 import Value

        config = store.config
        self._file = Path(config.repo_path or ".", config.online_store.path)
        self._serialize, self._version = serialize_entity_key, config.entity_key_serialization_version
        self._value = Value
        versioned = config.registry.enable_online_feature_view_versioning
        table = compute_table_id(config.project, view, versioned).replace('"', '""')
        self._query = f'SELECT entity_key, feature_name, value, event_ts FROM "{table}" WHERE entity_key IN '
        self._open()

    def read(self, keys: Sequence[Any]) -> list[tuple[datetime | None, dict[str, Any] | None]]:
        """When each row was written and its values by feature name; None where the store has no such row.

        Args:
            keys: `EntityKey` messages.
        """
        if self._file.stat().st_ino != self._inode:
            self._open()
        wanted = [self._serialize(key, self._version) for key in keys]
        found: dict[bytes, tuple[int, dict[str, Any]]] = {}
        for key, name, value, moment in self._connection.execute(f"{self._query}({','.join('?' * len(keys))})", wanted):
            found.setdefault(key, (moment, {}))[1][name] = self._value.FromString(value)
        rows = (found.get(key) for key in wanted)
        return [(None, None) if row is None else (_moment(row[0]), row[1]) for row in rows]

    def _open(self) -> None:
        self._inode = self._file.stat().st_ino
        self._connection = sqlite3.connect(self._file, timeout=LOCKED_MS / 1e3, check_same_thread=False)


def _moment(seconds: int) -> datetime:
    """As Feast notes it: a moment in UTC, turned to seconds as if it were one of this machine's zone."""
    return datetime.fromtimestamp(seconds).replace(tzinfo=UTC)
