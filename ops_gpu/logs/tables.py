"""Users and items as canonical frames, from their own files or derived from the interactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from ops_gpu.logs.cleaning import RAW
from ops_gpu.logs.derived import first_values, most_frequent
from ops_gpu.logs.entities import EntityTable
from ops_gpu.logs.errors.log_error import LogError, shown
from ops_gpu.logs.errors.reading import reading
from ops_gpu.logs.files.listing import list_files
from ops_gpu.logs.files.place import LogPlace
from ops_gpu.logs.files.reader import read_file
from ops_gpu.logs.interactions import InteractionLog
from ops_gpu.logs.loading import CleanLog, alike
from ops_gpu.logs.log_events import LogEvents
from ops_gpu.logs.naming import named_in
from ops_gpu.logs.report import CleanReport
from ops_gpu.logs.required_values import require_values
from ops_gpu.logs.values.features import categorical, continuous, listed
from ops_gpu.logs.values.id_values import NO_VALUE, PROBLEMS, IdType, canonical_ids, id_problems, require_ids
from ops_gpu.logs.values.identifiers import IdTypes, id_dtype
from ops_gpu.logs.values.known_ids import KnownIds
from ops_gpu.logs.values.time_bounds import TimeBounds

_PROBLEM = "__problem__"


def read_users(
    table: EntityTable | None,
    log: InteractionLog,
    place: LogPlace,
    ids: IdTypes,
    before: date | None = None,
    bounds: TimeBounds | None = None,
    seen: pl.Series | None = None,
) -> CleanLog:
    """Reads the users: `user_id` and the declared features, one row a user, by rising id.

    Users who occur in the interactions alone are appended with null features; of several rows with one id the
    first counts (by path, then line). A file of the log that cannot be read is passed over and reported, as long as
    there are others: it fails the days that it holds, and no more.

    Args:
        table: the users table; None for the ids that occur in the interactions.
        log: the interactions.
        place: base folder and variables of paths.
        ids: the types of ids.
        before: interactions from this day on are not looked at, so that nothing later leaks into a state of
            then.
        bounds: which times of interactions may be those of events; None for all.
        seen: the distinct ids of the interactions, where somebody keeps them, in the type of `ids`. A derived table is
            of these; those that a table of its own lacks are left to whoever knows more of them (`with_unknown`). None
            looks for them in all files.

    Returns:
        The frame and what was left out of it.

    Raises:
        LogError: when a file of the table is missing or damaged, or all of the log are; when a column is missing or
            holds no value at all.
    """
    return _read(table or EntityTable(), LogEvents(log, place, ids, before, bounds), "user", seen)


def read_items(
    table: EntityTable | None,
    log: InteractionLog,
    place: LogPlace,
    ids: IdTypes,
    before: date | None = None,
    bounds: TimeBounds | None = None,
    seen: pl.Series | None = None,
) -> CleanLog:
    """Reads the items: `item_id`, `title`, `available` and the declared features, one row an item, by rising
    id.

    An item that occurs in the interactions alone is available only where no `available` expression asks for
    more.

    Args:
        table: the items table; None for the ids that occur in the interactions.
        log: the interactions.
        place: base folder and variables of paths.
        ids: the types of ids.
        before: interactions from this day on are not looked at.
        bounds: which times of interactions may be those of events; None for all.
        seen: as for `read_users`.

    Returns:
        The frame and what was left out of it.

    Raises:
        LogError: as `read_users`.
    """
    return _read(table or EntityTable(), LogEvents(log, place, ids, before, bounds), "item", seen)


def _read(table: EntityTable, events: LogEvents, role: str, seen: pl.Series | None) -> CleanLog:
    log, ids = events.log, events.ids
    report: dict[str, Any]
    kind = ids.user if role == "user" else ids.item
    if table.source is None and seen is not None and not table.reads_log:
        frame, report = _of_ids(seen.to_frame(f"{role}_id"), role), {"rows_read": len(seen)}
    elif table.source is None:
        frame, report = _derived(table, events, role)
        frame = frame if seen is None else frame.filter(pl.col(f"{role}_id").is_in(seen.implode()))
    else:
        declared = log.user_id_type if role == "user" else log.item_id_type
        frame, report = _from_files(table, events.place, role, kind, declared)
        logged, report["unread_files"] = events.seen(f"{role}_id") if seen is None else (seen, {})
        report["known"] = KnownIds.of(logged, frame[f"{role}_id"])
        if seen is None:
            missing = logged.filter(~logged.is_in(frame[f"{role}_id"].implode()))
            report["added"] = len(missing)
            frame = with_unknown(frame, missing, table)
    report["rows_kept"] = frame.height
    return CleanLog(frame.sort(f"{role}_id"), CleanReport(**report))


def _derived(table: EntityTable, events: LogEvents, role: str) -> tuple[pl.DataFrame, dict[str, Any]]:
    rows, unread = events.rows(table.raw_columns)
    key, path = f"{role}_id", events.path
    read = {name: categorical(rows[RAW + name], path) for name in table.categorical}
    read |= {name: continuous(rows[RAW + name], path) for name in table.continuous}
    columns = [values.alias(name) for name, (values, _) in read.items()]
    frame = first_values(rows.select(key, "timestamp").with_columns(columns), key, "timestamp")
    if events.before is None:  # early on a value may not be there yet
        require_values(frame, table, path)
    if role == "item" and table.title:
        named = rows.select(key, rows[RAW + table.title].cast(pl.String, strict=False).alias("title"))
        frame = frame.join(most_frequent(named, key, "title"), on=key, how="left")
    frame = _of_ids(frame, role, table.features)
    unreadable = +Counter({name: wrong for name, (_, wrong) in read.items()})
    return frame, {"rows_read": frame.height, "unread_files": unread, "unreadable_values": dict(unreadable)}


def _of_ids(frame: pl.DataFrame, role: str, features: Sequence[str] = ()) -> pl.DataFrame:
    """The columns that a table of such ids has in any case, before its features."""
    if role == "user":
        return frame
    title = pl.col("title") if "title" in frame.columns else pl.lit(None, pl.String).alias("title")
    return frame.select("item_id", title, pl.lit(True).alias("available"), *features)


def with_unknown(frame: pl.DataFrame, missing: pl.Series, table: EntityTable) -> pl.DataFrame:
    """A table with rows for ids that are known from elsewhere alone: without features, and available where all are.

    Args:
        frame: the table.
        missing: ids that it lacks, named as its key.
        table: what its columns mean.
    """
    values: dict[str, pl.Expr] = {}
    if "available" in frame.columns:
        values["available"] = pl.lit(table.available is None)
    for name in table.lists:
        values[name] = pl.lit([], dtype=frame.schema[name])
    return pl.concat([frame, missing.to_frame().with_columns(**values)], how="diagonal")


def _from_files(
    table: EntityTable, place: LogPlace, role: str, kind: IdType, declared: str
) -> tuple[pl.DataFrame, dict[str, Any]]:
    source = table.source
    assert source is not None
    parts: list[pl.DataFrame] = []
    unreadable: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for file in list_files(source, place):
        with named_in(table):
            raw, malformed = read_file(file, source, table.raw_columns, ids=[str(table.id)])
        dropped["too_many_fields"] += malformed
        with reading(file.path):
            require_ids(raw[str(table.id)], kind, declared, role, file.path)
            parts.append(_canonical(raw, table, role, kind, file.path, unreadable))
        examples = _examples(parts[-1], table, file.path) | examples
    with reading(place.resolve(source.path)):
        frame = pl.concat(alike(parts))
    read = frame.height + dropped["too_many_fields"]
    usable, wrong = frame.filter(pl.col(f"{role}_id").is_not_null()), frame.drop_nulls(_PROBLEM)
    dropped["null_id"] = frame.height - usable.height - wrong.height
    dropped.update({f"id_{name}": count for name, count in wrong[_PROBLEM].value_counts().iter_rows()})
    if frame.height and usable.is_empty():
        raise LogError(_no_ids(table, place, kind, wrong))
    require_values(usable, table, place.resolve(source.path))
    unique = usable.drop("__raw_id__", _PROBLEM).unique(subset=f"{role}_id", keep="first", maintain_order=True)
    return unique, {
        "rows_read": read,
        "dropped": dict(+dropped),
        "duplicates": usable.height - unique.height,
        "examples": examples,
        "unreadable_values": dict(+unreadable),
    }


def _examples(part: pl.DataFrame, table: EntityTable, path: str) -> dict[str, str]:
    """The first id of a file for each reason why it cannot be one."""
    wrong = part.select(_PROBLEM, "__raw_id__").drop_nulls(_PROBLEM).unique(_PROBLEM, keep="first", maintain_order=True)
    return {f"id_{problem}": f"{table.id} = {shown(value)} in '{path}'" for problem, value in wrong.iter_rows()}


def _canonical(
    raw: pl.DataFrame, table: EntityTable, role: str, kind: IdType, path: str, unreadable: Counter[str]
) -> pl.DataFrame:
    assert table.id is not None
    columns: list[pl.Series | pl.Expr] = [
        pl.col(table.id).cast(pl.String, strict=False).str.strip_prefix(NO_VALUE).alias("__raw_id__"),
        canonical_ids(table.id, raw.schema[table.id], kind).alias(f"{role}_id"),
        id_problems(table.id, raw.schema[table.id], kind).alias(_PROBLEM),
    ]
    if role == "item":
        title = pl.col(table.title).cast(pl.String, strict=False) if table.title else pl.lit(None, pl.String)
        condition = table.condition
        available = condition.mask(raw, path).fill_null(False) if condition else pl.lit(True)
        columns += [title.alias("title"), available.alias("available")]
    read = {name: categorical(raw[name], path) for name in table.categorical}
    read |= {name: continuous(raw[name], path) for name in table.continuous}
    read |= {name: listed(raw[name], table.list_separator, path) for name in table.lists}
    unreadable.update({name: wrong for name, (_, wrong) in read.items()})
    return raw.select(*columns, *(values for values, _ in read.values()))


def _no_ids(table: EntityTable, place: LogPlace, kind: IdType, wrong: pl.DataFrame) -> str:
    assert table.source is not None
    found = "only nulls" if wrong.is_empty() else shown(wrong["__raw_id__"][0])
    wanted = "ids" if wrong.is_empty() else PROBLEMS[wrong[_PROBLEM][0]]
    return (
        f"'{place.resolve(table.source.path)}' has no usable row: the column '{table.id}' holds {found}, "
        f"expected {wanted} ({id_dtype(kind)}); name the right column as id, or mend the file."
    )
