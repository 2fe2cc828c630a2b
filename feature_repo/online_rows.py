"""OnlineRows: the rows of users and items as Feast gives them online."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import polars as pl
from feast import FeatureStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey

from feature_repo.feast_types import encode
from feature_repo.offline.columns import CREATED, EVENT_TIME, PRESENT
from feature_repo.settings import SQLITE_FILE, StoreSettings
from feature_repo.views import Views, features
from ops_gpu.primitives.content_hash import hash_json
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema

_BATCH = 2_000


class OnlineRows:
    """The online store of one repository.

    Args:
        folder: of `feature_store.yaml`.
        settings: which store it is.
    """

    def __init__(self, folder: Path, settings: StoreSettings) -> None:
        self.store = FeatureStore(repo_path=str(folder))
        self._file = folder / SQLITE_FILE
        self._settings = settings

    @property
    def project(self) -> str:
        """Whose rows are those online."""
        return str(self.store.project)

    def apply(self, views: Views) -> None:
        """Tells Feast what the rows of one kind are."""
        self.store.apply(views.objects)
        if self._settings.online_store == "sqlite":
            # Readers must not wait while thousands of rows are written.
            with sqlite3.connect(self._file) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
            connection.close()

    def mark(self, schema: Schema) -> str:
        """What rows are written with: under another mark all must be written again."""
        made = self._file.stat().st_ino if self._file.exists() else 0
        return hash_json({"online": self._settings.online(), "file": made, "columns": schema.to_dict()})

    def writer(self, kind: str, schema: Schema) -> Callable[[pl.DataFrame], None]:
        """Gives what writes rows: id, features, `present`, `event_timestamp` and `created_timestamp`.

        Args:
            kind: `users` or `items`, applied before.
            schema: of id and features.
        """
        view = self.store.get_feature_view(kind)
        columns = [*features(schema), ColumnSchema(PRESENT, "bool")]
        names = [column.name for column in columns]
        [key] = [name for name in schema.names if name not in names]

        def write(rows: pl.DataFrame) -> None:
            for part in rows.iter_slices(_BATCH):
                ids = encode(schema[key], part[key])
                values = zip(*(encode(column, part[column.name]) for column in columns), strict=True)
                entities = (EntityKey(join_keys=[key], entity_values=[id_]) for id_ in ids)
                features_ = (dict(zip(names, row, strict=True)) for row in values)
                data = list(zip(entities, features_, part[EVENT_TIME], part[CREATED], strict=True))
                self.store.provider.online_write_batch(self.store.config, view, data, None)

        return write
