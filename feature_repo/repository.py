"""FeatureRepository: writes the state of users and items to Feast, offline and online."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from feast import FeatureStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey

from feature_repo.columns import CREATED, EVENT_TIME, PRESENT
from feature_repo.feast_types import encode
from feature_repo.id_range import IdRange
from feature_repo.pushed_events import only_writer
from feature_repo.settings import SQLITE_FILE, StoreSettings
from feature_repo.versions import changed_versions, joined, latest, remembered
from feature_repo.views import Views, features, item_views, user_views
from ops_gpu.primitives.atomic_file import atomic_file, write_text
from ops_gpu.primitives.content_hash import hash_json
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

_KINDS: Mapping[str, tuple[str, Tags, Callable[..., Views]]] = {
    "users": ("user_id", Tags.USER_ID, user_views),
    "items": ("item_id", Tags.ITEM_ID, item_views),
}
_BATCH = 2_000
OLDEST = pl.CompatLevel.oldest()


@dataclass(frozen=True)
class Written:
    """What one write did.

    Args:
        rows: rows that exist now.
        changed: rows written online because they are new or differ.
        removed: rows marked as gone.
        versions: rows in the offline source.
    """

    rows: int
    changed: int
    removed: int
    versions: int

    def plus(self, other: Written) -> Written:
        """What both did."""
        return Written(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


class FeatureRepository:
    """The Feast repository of one recommender.

    The offline source of a kind (`users.parquet`, `items.parquet`) holds versions of rows; the newest
    version of every row is what the online store holds. A write takes in a whole snapshot, and touches the
    online store only for rows that differ from the last one.

    Args:
        folder: of `feature_store.yaml`, registry, SQLite file and offline sources.
        name: the recommender.
        settings: online store and lifetimes.

    Example:
        >>> repository = FeatureRepository(home.feast("demo"), "demo", StoreSettings())
        >>> from feature_repo.user_state import user_state
        >>> repository.write("users", user_state(users, interactions), as_of=datetime(2026, 4, 1, tzinfo=UTC))
        Written(rows=40, changed=40, removed=0, versions=40)
    """

    def __init__(self, folder: Path, name: str, settings: StoreSettings) -> None:
        self.folder = folder
        self.settings = settings
        self.config = settings.write(folder, name)
        self._store = FeatureStore(repo_path=str(folder))

    def write(self, kind: str, frame: pl.DataFrame, as_of: datetime, again: Sequence[Any] = ()) -> Written:
        """Makes a snapshot the state that Feast gives, offline and online.

        After a write that broke off, or under another schema or online store, the next one writes all rows
        online again.

        Args:
            kind: `users` or `items`.
            frame: `user_id` or `item_id`, and features; one row an id.
            as_of: the moment that the snapshot describes; without a zone it is UTC.
            again: ids whose rows were written online alone; they count as changed.

        Raises:
            ValueError: when an id is missing or comes twice, or Feast has no type for a column.
        """
        return self.write_ranges(kind, [(IdRange(), frame)], as_of, again)

    def write_ranges(
        self,
        kind: str,
        parts: Iterable[tuple[IdRange, pl.DataFrame]],
        as_of: datetime,
        again: Sequence[Any] = (),
        notes: Mapping[str, str] | None = None,
    ) -> Written:
        """The same of a snapshot that comes in parts, of which one at a time is held.

        Args:
            kind: `users` or `items`.
            parts: ranges that hold every id once, and the rows of each, all of the same columns.
            as_of: as in `write`.
            again: as in `write`.
            notes: what the offline source is to say of itself (`notes`).

        Raises:
            ValueError: as `write`, or when there is no part.
        """
        with only_writer(self.folder):
            return self._write(kind, parts, as_of, again, notes or {})

    def write_some(
        self,
        kind: str,
        ids: pl.Series,
        rows: Callable[[IdRange], pl.DataFrame],
        as_of: datetime,
        again: Sequence[Any] = (),
        notes: Mapping[str, str] | None = None,
    ) -> Written:
        """The same of some ids; what is known of others stays.

        Args:
            kind: `users` or `items`.
            ids: which; those without a row are gone.
            rows: gives the rows of these ids that lie in a range, in the columns of the last write.
            as_of: as in `write`.
            again: as in `write`; some of `ids`.
            notes: as in `write_ranges`.

        Raises:
            ValueError: as `write`, or when the last write was of other columns or broke off (`holds`).
        """
        with only_writer(self.folder):
            if not self.source(kind).exists():
                raise ValueError(f"the {kind} for the feature store were never written whole; write all of them.")
            parts = ((part, rows(part)) for part in self._stored_ranges(kind))
            return self._write(kind, parts, as_of, again, notes or {}, ids)

    def notes(self, kind: str) -> dict[str, str]:
        """What the offline source says of itself; nothing where there is none, or whoever wrote it noted nothing."""
        source = self.source(kind)
        found = pq.read_metadata(source).metadata if source.exists() else None
        return {key.decode(): value.decode() for key, value in (found or {}).items()}

    def holds(self, kind: str, frame: pl.DataFrame) -> bool:
        """Whether the last write came to its end, and was of the columns of a frame."""
        source, (key, _, _) = self.source(kind), _KINDS[kind]
        same = source.exists() and pl.read_parquet_schema(source)[key] == frame.schema[key]
        return same and self._written(kind) == [self._mark(_schema(kind, frame)), self._store.project]

    def newest(
        self, kind: str, columns: Sequence[str], ids: pl.Series | None = None, within: IdRange | None = None
    ) -> pl.DataFrame:
        """Columns of the newest version of every row, or of some ids; of what is gone `present` is false.

        Args:
            kind: `users` or `items`.
            columns: of the offline source.
            ids: which; None for all.
            within: a range that holds them, beside which nothing is read; None where none is known.
        """
        key = _KINDS[kind][0]
        rows = pl.scan_parquet(self.source(kind), glob=False).filter((within or IdRange()).holds(key))
        rows = rows if ids is None else rows.filter(pl.col(key).is_in(ids.implode()))
        version = [key, EVENT_TIME, CREATED]
        last = latest(rows.select(version).collect(), key)  # older versions may hold more than there is room for
        return rows.join(last.lazy(), on=version, how="semi").select(columns).collect()

    def write_online(self, kind: str, rows: pl.DataFrame) -> None:
        """Writes rows online alone, in the columns of the last `write`, which must be told of them `again`.

        Args:
            kind: `users` or `items`.
            rows: id, features, `event_timestamp` and `created_timestamp`; the caller is the only writer.
        """
        schema = _schema(kind, rows.drop(EVENT_TIME, CREATED))
        view = self._store.get_feature_view(kind)
        self._write_online(view, schema, _KINDS[kind][0], rows.with_columns(pl.lit(True).alias(PRESENT)))

    def _write(
        self,
        kind: str,
        parts: Iterable[tuple[IdRange, pl.DataFrame]],
        as_of: datetime,
        again: Sequence[Any],
        notes: Mapping[str, str],
        some: pl.Series | None = None,
    ) -> Written:
        key, now, total = _KINDS[kind][0], datetime.now(UTC), Written(0, 0, 0, 0)
        mark, complete, view = list[str](), False, None
        with atomic_file(self.source(kind)) as aside, ExitStack() as writing:
            file: pq.ParquetWriter | None = None
            for ids, frame in parts:
                check_ids(kind, frame, key)
                schema = _schema(kind, frame)
                if view is None:
                    view = self._apply(kind, schema).view
                    mark = [self._mark(schema), self._store.project]
                    complete = self._written(kind) == mark
                    if some is not None and not complete:
                        raise ValueError(f"the {kind} for the feature store were not written whole in these columns.")
                    # A write that breaks off leaves no mark, and so the next one does not trust what is online.
                    self._note(kind).unlink(missing_ok=True)
                before = self._versions(kind, ids, frame.schema[key])
                known = None if before is None else latest(before, key)
                known = known if known is None or some is None else known.filter(pl.col(key).is_in(some.implode()))
                mine = ids.of(pl.Series(key, again, frame.schema[key])).to_list()
                changed = changed_versions(known, frame, key, _in_utc(as_of), now, mine)
                versions = changed if before is None else joined(before, changed, key)
                current = latest(versions, key)
                self._write_online(view, schema, key, changed if complete else current)
                rows = remembered(versions, key, now - self.settings.keep).to_arrow(compat_level=OLDEST)
                if file is None:
                    schema_of_file = rows.schema.with_metadata({**(rows.schema.metadata or {}), **notes})
                    file = writing.enter_context(pq.ParquetWriter(aside, schema_of_file, compression="zstd"))
                file.write_table(rows)
                removed = int((~changed[PRESENT]).sum())
                total = total.plus(Written(int(current[PRESENT].sum()), changed.height, removed, rows.num_rows))
            if file is None:
                raise ValueError(f"the {kind} for the feature store came in no part at all, expected one at least.")
        write_text(self._note(kind), "\n".join(mark))
        return total

    def is_elsewhere(self, kind: str) -> bool:
        """Whether the rows online are those of another project, so that this one has none yet."""
        return self._written(kind)[1:] not in ([], [self._store.project])

    def source(self, kind: str) -> Path:
        """The offline source of a kind."""
        return self.folder / f"{kind}.parquet"

    def _apply(self, kind: str, schema: Schema) -> Views:
        views = _KINDS[kind][2](schema, self.source(kind).name, self.settings.ttl)
        self._store.apply(views.objects)
        if self.settings.online_store == "sqlite":
            # Readers must not wait while thousands of rows are written.
            with sqlite3.connect(self.folder / SQLITE_FILE) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
            connection.close()
        return views

    def _versions(self, kind: str, ids: IdRange, dtype: pl.DataType) -> pl.DataFrame | None:
        """What the offline source holds of some ids; None where it holds nothing, or ids of another type."""
        source, key = self.source(kind), _KINDS[kind][0]
        if not source.exists() or pl.read_parquet_schema(source)[key] != dtype:
            return None
        return pl.scan_parquet(source, glob=False).filter(ids.holds(key)).collect()

    def _stored_ranges(self, kind: str) -> list[IdRange]:
        """Ranges of about the rows that were written at once; any that hold every id once would do."""
        groups = pq.read_metadata(self.source(kind))
        columns = [groups.row_group(number).column(0) for number in range(groups.num_row_groups)]
        first = sorted({c.statistics.min for c in columns if c.statistics is not None and c.statistics.has_min_max})
        return [IdRange(start, end) for start, end in zip([None, *first[1:]], [*first[1:], None], strict=True)]

    def _write_online(self, view: Any, schema: Schema, key: str, rows: pl.DataFrame) -> None:
        columns = [*features(schema), ColumnSchema(PRESENT, "bool")]
        names = [column.name for column in columns]
        for part in rows.iter_slices(_BATCH):
            ids = encode(schema[key], part[key])
            values = zip(*(encode(column, part[column.name]) for column in columns), strict=True)
            entities = (EntityKey(join_keys=[key], entity_values=[id_]) for id_ in ids)
            features_ = (dict(zip(names, row, strict=True)) for row in values)
            data = list(zip(entities, features_, part[EVENT_TIME], part[CREATED], strict=True))
            self._store.provider.online_write_batch(self._store.config, view, data, None)

    def _mark(self, schema: Schema) -> str:
        """What the online rows were written with: under another mark all must be written again."""
        file = self.folder / SQLITE_FILE
        made = file.stat().st_ino if file.exists() else 0
        return hash_json({"online": self.settings.online(), "file": made, "columns": schema.to_dict()})

    def _written(self, kind: str) -> list[str]:
        """The mark and the project of the last write that came to its end; earlier versions noted no project."""
        path = self._note(kind)
        return path.read_text(encoding="utf-8").split() if path.exists() else []

    def _note(self, kind: str) -> Path:
        return self.folder / f"{kind}.written"


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _schema(kind: str, frame: pl.DataFrame) -> Schema:
    key, tag, _ = _KINDS[kind]
    return Schema.from_polars(frame, {key: [tag]})


def check_ids(kind: str, frame: pl.DataFrame, key: str) -> None:
    """Refuses rows of which an id is missing or comes twice.

    Raises:
        ValueError: says how many.
    """
    ids: Any = frame[key]
    if ids.null_count() or not ids.is_unique().all():
        raise ValueError(
            f"the {kind} for the feature store have a null or repeated {key}; give one row an id (of "
            f"{frame.height} rows {ids.drop_nulls().n_unique()} ids are different)."
        )
