"""UserHistoryStore: features and complete histories of more users than memory holds."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from ops_gpu.interactions.history_columns import with_events
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.tiered import KeyType, RowFormat, StoreMetrics, StoreSettings, TieredStore, build_store, open_store
from ops_gpu.tiered.followed_store import FollowedStore
from serving.request.columns import Columns
from serving.request.frames import to_columns, to_frame
from serving.request.null_values import null_of

if TYPE_CHECKING:
    import polars as pl

    from ops_gpu.tiered.disk_store import Mode

KEY = "user_id"
AT_ONCE = 10_000


class UserHistoryStore:
    """Users by id: memory for those who come often, disk for all, written to while it is read.

    One process opens it to write, any number to follow; see `ops_gpu.tiered.open_store`.

    Args:
        store: rows of users by id.

    Example:
        >>> from feature_repo.users.user_state import user_state
        >>> UserHistoryStore.build("histories/demo", user_state(users, interactions))
        >>> with UserHistoryStore.open("histories/demo", mode="write") as histories:
        ...     histories.push(events)
    """

    def __init__(self, store: TieredStore) -> None:
        self.store = store
        names = [column.name for column in store.rows.columns]
        self.schema = Schema(_column(name, store.rows) for name in names)
        self._writing = threading.RLock()

    @staticmethod
    def build(path: str | os.PathLike[str], users: pl.DataFrame) -> None:
        """Writes a store; one that lies there is replaced.

        Args:
            path: its folder.
            users: `user_id`, features and the lists of a history, as `feature_repo.users.user_state` makes them.

        Raises:
            ValueError: when an id is missing or comes twice, or a column is of a type that no row can hold.
        """
        _check_ids(users)
        schema = Schema(_stored(ColumnSchema.from_polars(name, users.schema[name])) for name in users.columns)
        rows = RowFormat.of_schema(schema.excluding(KEY))
        rows = rows.with_default(_columns(_nobody(users), schema.excluding(KEY)))
        kind = KeyType.BYTES if schema[KEY].dtype == "string" else KeyType.INT64
        build_store(path, kind, rows, _batches(users.sort(KEY), schema), mutable=True)

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], settings: StoreSettings | None = None, mode: Mode = "follow"
    ) -> UserHistoryStore:
        """Opens what `build` wrote.

        Raises:
            StoreError: when it is missing or damaged, or another process writes to it too.
        """
        return cls(open_store(path, settings, mode))

    def read(self, ids: npt.NDArray[Any], names: list[str] | None = None) -> tuple[Columns, npt.NDArray[np.bool_]]:
        """The columns of users, and whether each is known; nulls as in `QueryFeast`, and so for the unknown."""
        answer = self.store.read(ids, names)
        return dict(answer.columns), answer.known

    def upsert(self, users: pl.DataFrame) -> None:
        """Writes users in full, new ones or in the place of old ones; columns as in `build`.

        A batch of 10,000 users becomes visible as a whole.

        Raises:
            ValueError: when an id is missing or comes twice, or a column is missing or of another type.
        """
        _check_ids(users)
        with self._writing:
            for keys, columns in _batches(users, Schema([_key(users), *self.schema])):
                self.store.upsert(keys, columns)

    def delete(self, ids: npt.NDArray[Any]) -> None:
        """Forgets users."""
        self.store.delete(ids)

    def push(self, events: pl.DataFrame) -> None:
        """Adds events to the histories of their users, by the function that makes histories of whole logs.

        Args:
            events: `user_id`, `item_id`, `timestamp` (UTC) and `label` (whether a success).

        Raises:
            ValueError: when ids are of another type than those of the store.
        """
        import polars as pl

        wanted, given = self.schema["history_item"].polars_dtype, pl.List(events.schema["item_id"])
        if given != wanted:
            raise ValueError(f"item_id of an event must be {wanted.inner} as in the store, got {given.inner}.")  # type: ignore[attr-defined]
        users = events.select(pl.col(KEY).unique().sort())
        with self._writing:
            columns, _ = self.read(_ids(users))
            rows = to_frame(columns).insert_column(0, users[KEY])
            self.upsert(with_events(rows, events, KEY))

    @property
    def is_replaced(self) -> bool:
        """Whether another store was built in the place of this one, which it follows."""
        return isinstance(self.store, FollowedStore) and self.store.is_replaced

    @property
    def metrics(self) -> StoreMetrics:
        """Where rows came from."""
        return self.store.metrics

    def close(self) -> None:
        """Closes the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _stored(column: ColumnSchema) -> ColumnSchema:
    """As a row holds it: integers that may be null take 64 bits, where the least one says so."""
    if column.is_list or column.dtype in ("bool", "float32", "float64", "string"):
        return column
    return column.with_dtype("int64", is_list=False)


def _column(name: str, rows: RowFormat) -> ColumnSchema:
    kept = next(column for column in rows.columns if column.name == name)
    dtype = "string" if kept.dtype == "S" else np.dtype(kept.dtype).name
    return ColumnSchema(name, dtype, is_list=kept.is_list)


def _key(users: pl.DataFrame) -> ColumnSchema:
    return _stored(ColumnSchema.from_polars(KEY, users.schema[KEY]))


def _check_ids(users: pl.DataFrame) -> None:
    import polars as pl

    ids = users[KEY]
    missing = ids.null_count() + (int((ids == "").sum()) if ids.dtype == pl.String else 0)
    if missing or ids.n_unique() < len(ids):
        repeats = len(ids) - ids.n_unique()
        raise ValueError(f"{KEY} is missing {missing} times and repeats {repeats} times; give every user once.")


def _batches(users: pl.DataFrame, schema: Schema) -> Iterator[tuple[npt.NDArray[Any], Columns]]:
    for part in users.iter_slices(AT_ONCE):
        yield _ids(part), _columns(part, schema.excluding(KEY))


def _columns(users: pl.DataFrame, schema: Schema) -> Columns:
    """A batch of users, with what stands for a null."""
    import polars as pl

    whole = [
        pl.col(c.name).list.drop_nulls().fill_null([])
        if c.is_list
        else pl.col(c.name).cast(c.polars_dtype).fill_null(null_of(c.dtype))
        for c in schema
        if c.name in users.columns
    ]
    return to_columns(users.select(whole), schema)


def _nobody(users: pl.DataFrame) -> pl.DataFrame:
    """One row of nulls."""
    return users.clear(1)


def _ids(users: pl.DataFrame) -> npt.NDArray[Any]:
    return np.asarray(to_columns(users.select(KEY), Schema([_key(users)]))[KEY])
