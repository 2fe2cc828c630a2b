"""FeatureRepository: writes the state of users and items to Feast, offline and online."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from feature_repo.offline.columns import CREATED, EVENT_TIME, PRESENT
from feature_repo.offline.id_range import IdRange
from feature_repo.offline.version_files import VersionFiles
from feature_repo.offline.versions import changed_versions, joined, latest, new_versions, remembered
from feature_repo.online_rows import OnlineRows
from feature_repo.pushed_events import only_writer
from feature_repo.settings import StoreSettings
from feature_repo.views import views_of
from feature_repo.write_behind import writing_behind
from ops_gpu.primitives.atomic_file import write_text
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

_KEYS = {"users": "user_id", "items": "item_id"}
ROWS = "recsys.rows"
"""Note of how many rows there are."""
_OWN = (PRESENT, EVENT_TIME, CREATED)


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


class _Write(NamedTuple):
    """A write that is going on.

    Args:
        schema: of the rows.
        mark: what tells what the online rows are written with.
        complete: whether the last write was with the same mark, and came to its end.
        other_columns: whether the offline source has other columns, so that it is made anew.
    """

    schema: Schema
    mark: str
    complete: bool
    other_columns: bool


class FeatureRepository:
    """The Feast repository of one recommender.

    The offline source of a kind (the folders `users` and `items`) holds versions of rows; the newest version of
    every row is what the online store holds. A write adds versions of the rows that differ from the last one, offline
    and online, and leaves the others alone.

    Args:
        folder: of `feature_store.yaml`, registry, SQLite file and offline sources.
        name: the recommender.
        settings: online store and lifetimes.

    Example:
        >>> repository = FeatureRepository(home.feast("demo"), "demo", StoreSettings())
        >>> from feature_repo.users.user_state import user_state
        >>> repository.write("users", user_state(users, interactions), as_of=datetime(2026, 4, 1, tzinfo=UTC))
        Written(rows=40, changed=40, removed=0, versions=40)
    """

    def __init__(self, folder: Path, name: str, settings: StoreSettings) -> None:
        self.folder = folder
        self.settings = settings
        self.config = settings.write(folder, name)
        self._online = OnlineRows(folder, settings)

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
            notes: what is to be known of this write afterwards (`notes`).

        Raises:
            ValueError: as `write`, or when there is no part.
        """
        with only_writer(self.folder):
            key, now, total = _KEYS[kind], datetime.now(UTC), Written(0, 0, 0, 0)
            first: _Write | None = None
            before = self.versions(kind)
            with ExitStack() as open_:
                for ids, frame in parts:
                    check_ids(kind, frame, key)
                    if first is None:
                        first = self._begin(kind, frame)
                        write_versions = open_.enter_context(before.writing(first.other_columns))
                        write_online = open_.enter_context(writing_behind(self._online.writer(kind, first.schema)))
                    known = before.of(ids, frame.schema[key])
                    mine = ids.of(pl.Series(key, again, frame.schema[key])).to_list()
                    newest = None if known is None else latest(known, key)
                    changed = changed_versions(newest, frame, key, _in_utc(as_of), now, mine)
                    versions = changed if known is None else joined(known, changed, key)
                    current = latest(versions, key)
                    write_online(changed if first.complete else current)
                    since = now - self.settings.keep
                    write_versions(remembered(versions, key, since) if first.other_columns else changed)
                    removed = int((~changed[PRESENT]).sum())
                    total = total.plus(Written(int(current[PRESENT].sum()), changed.height, removed, 0))
                if first is None:
                    raise ValueError(f"the {kind} for the feature store came in no part at all, expected one at least.")
            self._end(kind, first, notes or {}, total.rows)
            return replace(total, versions=before.rows())

    def write_some(
        self,
        kind: str,
        ids: pl.Series,
        rows: Callable[[pl.Series], pl.DataFrame],
        as_of: datetime,
        at_once: int,
        notes: Mapping[str, str] | None = None,
    ) -> Written:
        """The same of some ids, at the cost of these; what is known of others stays.

        Args:
            kind: `users` or `items`.
            ids: which; those without a row are gone. All others count as changed.
            rows: gives the rows of some of these ids, in the columns of the last write.
            as_of: as in `write`.
            at_once: ids that rows are asked for at once.
            notes: as in `write_ranges`.

        Raises:
            ValueError: as `write`, or when the last write was of other columns or broke off (`holds`).
        """
        with only_writer(self.folder):
            key, now, total = _KEYS[kind], datetime.now(UTC), Written(0, 0, 0, 0)
            before, ids = self.versions(kind), ids.sort()
            if not before.paths:
                raise ValueError(f"the {kind} for the feature store were never written whole; write all of them.")
            newest, known_rows = before.newest(ids), int(self.notes(kind).get(ROWS, 0))
            first = self._begin(kind, rows(ids.head(0)), some=True)
            with (
                before.writing() as write_versions,
                writing_behind(self._online.writer(kind, first.schema)) as write_online,
            ):
                for start in range(0, len(ids), at_once):
                    some = ids.slice(start, at_once)
                    frame = rows(some)
                    check_ids(kind, frame, key)
                    known = newest.filter(pl.col(key).is_in(some.implode()))
                    changed = new_versions(known, frame, some, _in_utc(as_of), now)
                    write_online(changed)
                    write_versions(changed)
                    gone = int((~changed[PRESENT]).sum())
                    more = int(changed[PRESENT].sum()) - int(known[PRESENT].sum())
                    total = total.plus(Written(more, changed.height, gone, 0))
            total = replace(total, rows=total.rows + known_rows, versions=before.rows())
            self._end(kind, first, notes or {}, total.rows)
            return total

    def notes(self, kind: str) -> dict[str, str]:
        """What the last write noted, and its `ROWS`; nothing where there was none, or it broke off."""
        return self._written(kind)[2]

    def holds(self, kind: str, frame: pl.DataFrame) -> bool:
        """Whether the last write came to its end, and was of the columns of a frame."""
        versions, key = self.versions(kind), _KEYS[kind]
        same = versions.schema().get(key) == frame.schema[key]
        return same and self._written(kind)[:2] == (self._online.mark(_schema(kind, frame)), self._online.project)

    def versions(self, kind: str) -> VersionFiles:
        """The offline source of a kind."""
        return VersionFiles(self.folder / kind, _KEYS[kind], self.folder / f"{kind}.parquet")

    def newest(self, kind: str, columns: Sequence[str], ids: pl.Series | None = None) -> pl.DataFrame:
        """Columns of the newest version of every row, or of some ids; of what is gone `present` is false.

        Args:
            kind: `users` or `items`.
            columns: of the offline source.
            ids: which; None for all.
        """
        versions, key = self.versions(kind), _KEYS[kind]
        last, rows = versions.newest(ids).lazy(), versions.scan()
        if ids is not None:  # of whom alone lists are decoded
            rows = rows.filter(pl.col(key).is_in(ids.implode()))
        return rows.join(last, on=[key, EVENT_TIME, CREATED], how="semi").select(columns).collect()

    def write_online(self, kind: str, rows: pl.DataFrame) -> None:
        """Writes rows online alone, in the columns of the last `write`, which must be told of them `again`.

        Args:
            kind: `users` or `items`.
            rows: id, features, `event_timestamp` and `created_timestamp`; the caller is the only writer.
        """
        schema = _schema(kind, rows.drop(EVENT_TIME, CREATED))
        self._online.writer(kind, schema)(rows.with_columns(pl.lit(True).alias(PRESENT)))

    def _begin(self, kind: str, frame: pl.DataFrame, some: bool = False) -> _Write:
        """Prepares for a write of such rows; one that breaks off leaves no mark, so the next trusts nothing online."""
        schema, versions, now = _schema(kind, frame), self.versions(kind), datetime.now(UTC)
        stored = versions.schema()
        other = [column for column in stored.items() if column[0] not in _OWN] != list(frame.schema.items())
        if some and (other or not self.holds(kind, frame)):
            raise ValueError(f"the {kind} for the feature store were not written whole in these columns.")
        versions.adopt()
        self._online.apply(views_of(kind, schema, self.settings.ttl))
        mark = self._online.mark(schema)  # of the file that may have been made now
        complete = self._written(kind)[:2] == (mark, self._online.project)
        self._note(kind).unlink(missing_ok=True)
        versions.remove_replaced()
        if not other and versions.crowded(now - self.settings.keep, now - 2 * self.settings.keep - timedelta(1)):
            versions.compact(now - self.settings.keep)
        return _Write(schema, mark, complete, other)

    def _end(self, kind: str, write: _Write, notes: Mapping[str, str], rows: int) -> None:
        said = json.dumps({**notes, ROWS: str(rows)})
        write_text(self._note(kind), f"{write.mark}\n{self._online.project}\n{said}")

    def is_elsewhere(self, kind: str) -> bool:
        """Whether the rows online are those of another project, so that this one has none yet."""
        return self._written(kind)[1] not in ("", self._online.project)

    def _written(self, kind: str) -> tuple[str, str, dict[str, str]]:
        """Mark, project and notes of the last write that came to its end; earlier versions wrote less of them."""
        path = self._note(kind)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        mark, project, notes = [*lines, *("", "", "{}")[len(lines) :]]
        return mark, project, json.loads(notes)

    def _note(self, kind: str) -> Path:
        return self.folder / f"{kind}.written"


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _schema(kind: str, frame: pl.DataFrame) -> Schema:
    return Schema.from_polars(frame, {_KEYS[kind]: [Tags.USER_ID if kind == "users" else Tags.ITEM_ID]})


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
