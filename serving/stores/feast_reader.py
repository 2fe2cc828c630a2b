"""FeastReader: many users of a Feast repository in one read."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.request.columns import Columns
from serving.stores.feast_values import Row, decoder
from serving.stores.feature_store_error import FeatureStoreError
from serving.stores.sqlite_rows import SqliteRows
from serving.stores.unchecked_feast import spare_type_checks

PRESENT = "present"
Rows = Callable[[list[Any]], Sequence[tuple[Any, Any]]]
"""Reads rows by their keys: when each was written, and its messages."""
_BATCH = 1_000


class FeastReader:
    """Reads rows of one feature view.

    It asks the online store directly (`Provider.online_read`, or `SqliteRows`; one call a batch): the road through
    `get_online_features` gives the same values in three times the time, and not when they were written.
    Unlike Feast, which gives values of any age, it treats a row older than the view's `ttl` as missing.

    `never_hangs` says whether it reads a file of this machine, and not a server.

    Args:
        folder: the repository, with `feature_store.yaml`.
        view: the feature view.
        key: name and type of its id, `int64` or `string`.
        columns: the features wanted, as they were written.
        clock: gives the present as epoch seconds.

    Raises:
        FeatureStoreError: when there is no such repository or view.
    """

    def __init__(
        self,
        folder: Path,
        view: str,
        key: ColumnSchema,
        columns: Schema,
        clock: Callable[[], float] = time.time,
    ) -> None:
        spare_type_checks()
        from feast.protos.feast.types.EntityKey_pb2 import EntityKey
        from feast.protos.feast.types.Value_pb2 import Value

        self._place, self._view, self._clock, self._name = folder, view, clock, key.name
        self._decoders = {column.name: decoder(column) for column in columns}
        self._key, self._value = EntityKey, Value
        self._field = "string_val" if key.dtype == "string" else "int64_val"
        try:
            self._connect()
        except Exception as error:  # Feast raises dozens of kinds, depending on what is behind it
            raise self._unreachable(error) from error

    def _connect(self) -> None:
        from feast import FeatureStore

        store = FeatureStore(repo_path=str(self._place))
        feature_view = store.get_feature_view(self._view)
        self._ttl = feature_view.ttl.total_seconds() if feature_view.ttl else 0.0
        self.never_hangs = store.config.online_store.type == "sqlite"
        self._file = SqliteRows(store, feature_view) if self.never_hangs else None
        self._server: Rows = partial(
            store.provider.online_read, store.config, feature_view, requested_features=[*self._decoders, PRESENT]
        )

    def read(self, ids: npt.NDArray[Any]) -> tuple[Columns, npt.NDArray[np.bool_]]:
        """The features of a batch of users.

        Args:
            ids: raw ids, int64 `[n]` or zero-padded UTF-8 bytes (`S`); empty bytes are nobody.

        Returns:
            The columns, and bool `[n]`, whether the store knows the user. One who is unknown has nulls and
            empty lists; see `serving.stores.feast_values.decoder`.

        Raises:
            FeatureStoreError: when the store cannot be read.
        """
        rows = self._rows([value.decode() for value in ids.tolist()] if ids.dtype.kind == "S" else ids.tolist())
        known = np.fromiter((row is not None for row in rows), np.bool_, len(rows))
        return {name: decode(rows) for name, decode in self._decoders.items()}, known

    def _rows(self, ids: list[Any]) -> list[Row]:
        known = [position for position, value in enumerate(ids) if value != ""]
        rows: list[Row] = [None] * len(ids)
        for start in range(0, len(known), _BATCH):
            part = known[start : start + _BATCH]
            for position, values in zip(part, self._read([ids[k] for k in part]), strict=True):
                rows[position] = self._valid(*values)
        return rows

    def _read(self, ids: list[Any]) -> Sequence[tuple[Any, Any]]:
        keys = [self._key(join_keys=[self._name], entity_values=[self._value(**{self._field: value})]) for value in ids]
        try:
            return self._ask(keys)
        except Exception:  # a connection that was closed while idle; the second try opens a new one
            try:
                return self._ask(keys)
            except Exception as error:  # of the store behind: sqlite3, redis, sockets
                raise self._unreachable(error) from error

    def _ask(self, keys: list[Any]) -> Sequence[tuple[Any, Any]]:
        if self._file is None:
            return self._server(keys)
        if self._file.replaced:  # by a store that may be described otherwise
            self._connect()
        return self._file.read(keys)

    def _valid(self, moment: Any, row: Row) -> Row:
        """The row, None where the store has none, says that the user is gone, or wrote it too long ago."""
        if row is None or PRESENT not in row or not row[PRESENT].bool_val:
            return None
        if self._ttl and self._clock() - moment.timestamp() > self._ttl:
            return None
        return row

    def _unreachable(self, error: Exception) -> FeatureStoreError:
        said = (str(error).strip() or "no further word").splitlines()[0]
        return FeatureStoreError(
            f"The feature store in {self._place} cannot be read ({type(error).__name__}: {said}); "
            f"materialize feature_store, or start the online store."
        )
