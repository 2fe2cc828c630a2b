"""A whole interaction log, or some of its days, as one canonical frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from ops_gpu.logs.cleaning import FILE, RAW, CleanedFile, clean
from ops_gpu.logs.day_stretches import stretches
from ops_gpu.logs.days import FileDays, days_of_files
from ops_gpu.logs.errors.log_error import LogError
from ops_gpu.logs.errors.reading import reading
from ops_gpu.logs.files.file_part import FilePart
from ops_gpu.logs.files.listing import LogFile, list_files
from ops_gpu.logs.files.place import LogPlace
from ops_gpu.logs.interactions import InteractionLog
from ops_gpu.logs.naming import named_in
from ops_gpu.logs.report import CleanReport
from ops_gpu.logs.values.features import require_flat
from ops_gpu.logs.values.identifiers import IdTypes, id_dtype
from ops_gpu.logs.values.time_bounds import TimeBounds
from ops_gpu.logs.values.whole_numbers import are_whole, as_text

AT_ONCE = 1_000_000  # rows, with which reading takes some 0.2 GB


@dataclass(frozen=True)
class CleanLog:
    """A canonical frame and the account of what was left out of it.

    Args:
        frame: the canonical frame.
        report: counts by reason.
    """

    frame: pl.DataFrame
    report: CleanReport


def read_interactions(
    log: InteractionLog,
    place: LogPlace,
    ids: IdTypes,
    days: Collection[date] | None = None,
    known: Mapping[str, FileDays] | None = None,
    bounds: TimeBounds | None = None,
    named: bool = False,
) -> CleanLog:
    """Reads an interaction log.

    Args:
        log: the files and what their columns mean.
        place: base folder and variables of paths.
        ids: the types of ids, from `decide_id_types`, the same at every call for one recommender.
        days: only events of these days (UTC); files that hold none of them are not opened. Counts of unusable
            rows then cover the files that were opened.
        known: what `days_of_files` gave, so that unchanged files are not looked at again.
        bounds: which times may be those of events; None for all.
        named: whether to tell the file of each event, in a column `__file__`.

    Returns:
        Frame with `user_id`, `item_id`, `timestamp` (Datetime[us]), `label` (Boolean) and the kept columns,
        by rising time; events of the same moment stand as in the files (by path, then line). A day without
        events gives no rows.

    Raises:
        LogError: when a file is missing or damaged, a column is missing, an expression does not apply, or a
            file has no usable row.

    Example:
        >>> from pathlib import Path
        >>> from ops_gpu.logs import InteractionLog, LogPlace, LogSource, decide_id_types, read_interactions
        >>> log = InteractionLog(LogSource("events.csv"), user="who", item="what", time="when")
        >>> place = LogPlace(Path("data"))
        >>> frame = read_interactions(log, place, decide_id_types(log, place)).frame  # doctest: +SKIP
    """
    files = list_files(log.source, place)
    parts = [FilePart(file) for file in files]
    if days is not None:
        parts = _holding(files, days, log, days_of_files(log, place, known))
    rows, report = collect(parts, log, ids, bounds=bounds)
    chosen = rows if days is None else rows.filter(pl.col("timestamp").dt.date().is_in(list(days)))
    frame = chosen.select("user_id", "item_id", "timestamp", "label", *log.kept, *([FILE] if named else []))
    counts = report | {"other_days": rows.height - frame.height, "rows_kept": frame.height}
    return CleanLog(frame, CleanReport(**counts))


def read_by_stretches(
    log: InteractionLog,
    place: LogPlace,
    ids: IdTypes,
    days: Sequence[date],
    known: Mapping[str, FileDays] | None = None,
    bounds: TimeBounds | None = None,
    at_once: int | None = None,
) -> Iterator[tuple[Sequence[date], CleanLog]]:
    """Some days of a log as `read_interactions` gives them with `named`, a stretch of them at a time.

    What is held are the rows of a stretch, and of the files that hold them. A file that several stretches read counts
    once, so that the reports of all add up to that of all days. The days of a long file, which is read in blocks or
    holds more than a part of a stretch, are one stretch, and so are those of a log of which one event must be told from
    all others (`unique`).

    Args:
        log: as in `read_interactions`, as the next two.
        place: base folder.
        ids: the types of ids.
        days: in order.
        known: as in `read_interactions`.
        bounds: as in `read_interactions`.
        at_once: rows of a stretch, about; None for `AT_ONCE`.

    Yields:
        The days of a stretch, in order, and their events; one stretch at least.

    Raises:
        LogError: as `read_interactions`.
    """
    files, held = list_files(log.source, place), days_of_files(log, place, known)
    counted = set[str]()
    for stretch in [days] if log.unique else stretches(days, list(held.values()), at_once or AT_ONCE):
        parts = _holding(files, stretch, log, held)
        again = {number for number, part in enumerate(parts) if part.file.path in counted}
        rows, report = collect(parts, log, ids, bounds=bounds, again=again)
        counted.update(part.file.path for part in parts)
        mine = pl.col("timestamp").dt.date().is_in(list(stretch))
        frame = rows.filter(mine).select("user_id", "item_id", "timestamp", "label", *log.kept, FILE)
        del rows
        others = report["rows_read"] - frame.height - sum(report["dropped"].values())
        others -= report["filtered"] + report["duplicates"]
        yield stretch, CleanLog(frame, CleanReport(**report, other_days=others, rows_kept=frame.height))
        del frame


def collect(
    parts: Sequence[FilePart],
    log: InteractionLog,
    ids: IdTypes,
    extra: Sequence[str] = (),
    unread: dict[str, str] | None = None,
    bounds: TimeBounds | None = None,
    again: Collection[int] = (),
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Canonical rows of these files in order of time, with raw columns `extra` as `raw:NAME`, and `__file__`.

    Args:
        parts: what to read.
        log: what the columns mean.
        ids: the types of ids.
        extra: raw columns to carry along, of one value a row.
        unread: filled with the error of each file that cannot be read, by path; None raises the first.
        bounds: which times may be those of events; None for all.
        again: places of parts that were counted already; their rows come all the same.

    Returns:
        The frame, and the fields of its `CleanReport`.

    Raises:
        LogError: as `read_interactions`.
    """
    flat, extra = extra, list(dict.fromkeys([*log.unique, *extra]))
    columns = list(dict.fromkeys([*log.raw_columns, *extra]))
    cleaned = []
    for part in parts:
        path = part.file.path
        try:
            with named_in(log):
                raw, malformed = part.read(log.source, columns, [log.user, log.item])
            for name in flat:
                require_flat(raw[name], path, "leave it out, or mend the file")
            cleaned.append(clean(raw, malformed, log, ids, path, extra, bounds).with_file(path))
        except LogError as error:
            if unread is None:
                raise
            unread[path] = str(error)
    with reading(log.source.path):
        rows = _joined(cleaned, log, ids, extra).sort("timestamp", maintain_order=True)
    found = rows.height
    if log.unique:
        keys = [RAW + name for name in log.unique]
        rows = rows.unique(subset=keys, keep="first", maintain_order=True)
    counted = [part for number, part in enumerate(cleaned) if number not in again]
    return rows, _counts(counted) | {"duplicates": found - rows.height}


def _holding(
    files: Sequence[LogFile],
    days: Collection[date],
    log: InteractionLog,
    held: Mapping[str, FileDays],
) -> list[FilePart]:
    """The files to open for these days, or what of them is to be read.

    A broken file is opened for the day in its name, or for every day when it names none: its error then fails
    the days that may lie in it, instead of leaving them silently incomplete.
    """
    wanted, last = set(days), max(days, default=date.min)

    def concerns(days: Collection[date]) -> bool:
        # The earliest of equal events counts, and may lie in an earlier file.
        return any(day <= last for day in days) if log.unique else not wanted.isdisjoint(days)

    found = []
    for file in files:
        entry = held.get(file.path)
        if entry is None or not (concerns(entry.days) or (entry.error and not entry.days)):
            continue
        # A block without a day has rows without a time, which are counted with the others.
        blocks = [block for block in entry.blocks if not block.days or concerns(block.days)]
        found.append(FilePart(file, blocks if entry.blocks else None))
    return found


def _joined(cleaned: Sequence[CleanedFile], log: InteractionLog, ids: IdTypes, extra: Sequence[str]) -> pl.DataFrame:
    if not cleaned:
        types = {"user_id": id_dtype(ids.user), "item_id": id_dtype(ids.item)}
        types |= {"timestamp": pl.Datetime("us"), "label": pl.Boolean()}
        types |= {name: id_dtype(ids.kept.get(name, "string")) for name in log.categorical}
        types |= dict.fromkeys(log.continuous, pl.Float64()) | {FILE: pl.String()}
        return pl.DataFrame(schema=types | dict.fromkeys([RAW + name for name in extra], pl.String()))
    return pl.concat(alike([part.frame for part in cleaned]))


def alike(frames: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """The same frames with equal column types: where files disagree (integers here, text there), text.

    Whole numbers of floats are integers beside integers (pandas makes them of those beside a missing one), and are
    written like these. A column that holds nothing in a file says nothing about its type.
    """
    types = {name: _type_of([frame[name] for frame in frames]) for name in frames[0].columns}
    return [frame.with_columns(_cast(frame[name], kind) for name, kind in types.items()) for frame in frames]


def _type_of(columns: Sequence[pl.Series]) -> pl.DataType:
    held = [values for values in columns if _holds(values)] or columns[:1]
    if len({str(values.dtype) for values in held}) == 1:
        return held[0].dtype
    if all(values.dtype == pl.Int64 or (values.dtype.is_float() and are_whole(values)) for values in held):
        return pl.Int64()
    return pl.List(pl.String()) if isinstance(held[0].dtype, pl.List) else pl.String()


def _cast(values: pl.Series, kind: pl.DataType) -> pl.Series:
    if values.dtype == kind:
        return values
    if not values.dtype.is_float():
        return values.cast(kind)
    return as_text(values) if kind == pl.String else values.cast(kind, strict=False)  # NaN and infinity are no integers


def _holds(values: pl.Series) -> bool:
    return bool(values.list.len().sum() if isinstance(values.dtype, pl.List) else values.count())


def _counts(cleaned: Sequence[CleanedFile]) -> dict[str, Any]:
    reasons: Counter[str] = sum((part.reasons for part in cleaned), Counter())
    examples: dict[str, str] = {}
    for part in reversed(cleaned):
        examples |= part.examples
    return {
        "rows_read": sum(part.rows for part in cleaned),
        "filtered": reasons.pop("filtered", 0),
        "dropped": dict(reasons),
        "unreadable_values": dict(sum((part.unreadable for part in cleaned), Counter())),
        "examples": examples,
    }
