"""Which file of a log holds which days: how new and changed files are found, and what has changed in them."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ops_gpu.logs.errors.log_error import LogError, shown
from ops_gpu.logs.files.blocks import Block, Piece, digest_of, first_line, has_blocks, pieces, whole_lines
from ops_gpu.logs.files.day_rows import DayRows, days_of_json, days_to_json, hashed_by, rows_by_day, summed
from ops_gpu.logs.files.listing import LogFile, list_files
from ops_gpu.logs.files.place import LogPlace
from ops_gpu.logs.interactions import InteractionLog
from ops_gpu.logs.naming import named_in

if TYPE_CHECKING:
    import polars as pl

LOOKED_AS = 3
"""Which reading found the days of a file; what an older one has found of it, or found wrong with it, may not hold."""

_DATE = re.compile(r"(\d{4})[-_]?(\d{2})[-_]?(\d{2})")
_AT_REST_S = 10.0
"""After so many seconds a last line without a line end is whole, and not one that is just being written."""


@dataclass(frozen=True)
class FileDays:
    """The days that one version of a file holds.

    Args:
        fingerprint: of the file when it was looked at.
        by_day: rows of each day (UTC) of its events, in order. Of a file that cannot be read: the day in its name, if
            any, with none.
        error: why it cannot be read, None when it can.
        blocks: its parts, where it can be read in parts; together they are all of it, but for a last line that may not
            be whole.
        hashed_by: what made the hashes of `by_day`.
        changed: when the file was last written to, epoch seconds; None where its file system does not say.
    """

    fingerprint: str
    by_day: Mapping[date, DayRows]
    error: str | None = None
    blocks: Sequence[Block] = ()
    hashed_by: str = ""
    changed: float | None = None

    @cached_property
    def days(self) -> tuple[date, ...]:
        """The days, in order."""
        return tuple(self.by_day)

    def version(self, day: date) -> str:
        """By which to tell whether a day's rows in this file have changed."""
        found = self.by_day[day]
        return f"{found.rows} {found.hash:016x} {self.hashed_by}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values."""
        days = {} if self.blocks else {"days": days_to_json(self.by_day)}
        return {
            "fingerprint": self.fingerprint,
            "error": self.error,
            "changed": self.changed,
            "hashed_by": self.hashed_by,
            "blocks": [block.to_list() for block in self.blocks],
            **days,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FileDays:
        """Back from `to_dict`."""
        blocks = [Block.of_list(block) for block in values["blocks"]]
        days = summed(block.days for block in blocks) if blocks else days_of_json(values["days"])
        return cls(values["fingerprint"], days, values["error"], blocks, values["hashed_by"], values["changed"])


def days_of_files(
    log: InteractionLog, place: LogPlace, known: Mapping[str, FileDays] | None = None
) -> dict[str, FileDays]:
    """Looks at the times of all files of a log.

    Args:
        log: the log.
        place: base folder and variables of its path.
        known: what the last call gave; files that have not changed since are not opened, and of those that have grown
            only the end is read.

    Returns:
        For every file, by path: fingerprint and days. A file that cannot be read carries its error instead of
        raising it, so that one broken file does not hide the others.

    Raises:
        LogError: when there is no file at all.
    """
    return {file.path: _days_of(file, log, known or {}) for file in list_files(log.source, place)}


def _days_of(file: LogFile, log: InteractionLog, known: Mapping[str, FileDays]) -> FileDays:
    before = known.get(file.path)
    if before and before.fingerprint == file.fingerprint:
        return before
    try:
        return _look(file, log, before)
    except LogError as error:
        days = dict.fromkeys(_named_day(file.path), DayRows(0, 0))
        if error.column:  # of a file that lacks another column than the time, the days are known
            with suppress(LogError):
                days = _rows_of(file, log, [log.time])
        return FileDays(file.fingerprint, days, str(error), changed=file.changed)


def _look(file: LogFile, log: InteractionLog, before: FileDays | None) -> FileDays:
    """The days of a file that has all columns of the log.

    Raises:
        LogError: when it has not, or cannot be read, or there is not a single time in it.
    """
    whole = FileDays(file.fingerprint, {}, hashed_by=hashed_by(), changed=file.changed)
    if not has_blocks(file, log.source):
        return replace(whole, by_day=_rows_of(file, log, _columns(log)))
    unchanged, end = _unchanged(file, before), _end(file, log)
    known = {(block.start, block.end, block.digest): block for block in before.blocks} if before else {}
    start = unchanged[-1].end if unchanged else _start(file, log)
    new = [_block(file, log, piece, known) for piece in pieces(file, log.source, start, end)]
    by_day = summed(block.days for block in (*unchanged, *new))
    if not by_day:
        by_day = _rows_of(file, log, _columns(log))  # says why there is none
    unfinished = "" if end == file.size else ", and a line that is being written"
    return replace(whole, fingerprint=file.fingerprint + unfinished, by_day=by_day, blocks=[*unchanged, *new])


def _unchanged(file: LogFile, before: FileDays | None) -> list[Block]:
    """Blocks that need not be looked at again: all but the last one of a file that has grown.

    That it has only grown is told by its first block and the one before the last: what lies between was never rewritten
    without being moved.
    """
    blocks = list(before.blocks) if before and before.hashed_by == hashed_by() else []
    if len(blocks) < 2 or file.size is None or file.size <= blocks[-1].end:
        return []
    same = all(digest_of(file.read(block.start, block.end)) == block.digest for block in (blocks[0], blocks[-2]))
    return blocks[:-1] if same else []


def _start(file: LogFile, log: InteractionLog) -> int:
    return len(first_line(file, log.source)) if file.format == "delimited" and log.source.header else 0


def _end(file: LogFile, log: InteractionLog) -> int:
    """The end of the last line that is whole."""
    assert file.size is not None  # it has blocks
    at_rest = file.changed is None or abs(time.time() - file.changed) > _AT_REST_S  # or another clock's, far ahead
    return file.size if at_rest else max(_start(file, log), whole_lines(file, log.source, _start(file, log), file.size))


def _block(file: LogFile, log: InteractionLog, piece: Piece, known: Mapping[tuple[int, int, str], Block]) -> Block:
    digest = piece.digest
    block = known.get((piece.start, piece.end, digest))
    if block is not None:
        return block
    from ops_gpu.logs.files.reader import read_part
    from ops_gpu.logs.units import read_times

    with named_in(log):
        raw, _ = read_part(file, log.source, piece.data, piece.start, _columns(log))
    return Block(piece.start, piece.end, digest, rows_by_day(raw, read_times(raw[log.time], log, file.path)))


def _columns(log: InteractionLog) -> list[str]:
    """All that tells one event from another; the time first, for of several that are missing the first is told."""
    return list(dict.fromkeys([log.time, *log.raw_columns]))


def _rows_of(file: LogFile, log: InteractionLog, columns: Sequence[str]) -> dict[date, DayRows]:
    """The rows of each day in a file that has these columns.

    Raises:
        LogError: when it has not, or cannot be read, or there is not a single time in it.
    """
    from ops_gpu.logs.files.reader import read_file
    from ops_gpu.logs.units import read_times

    with named_in(log):
        raw, _ = read_file(file, log.source, columns)
    found = rows_by_day(raw, read_times(raw[log.time], log, file.path))
    if found or raw.is_empty():
        return found
    raise LogError(_no_time(file, log, raw))


def _no_time(file: LogFile, log: InteractionLog, raw: pl.DataFrame) -> str:
    return (
        f"'{file.path}' holds no readable time in the column '{log.time}' (time_unit: {log.time_unit}), "
        f"found {shown(raw[log.time][0])}; correct time, time_unit or time_format in the YAML, or mend the file."
    )


def _named_day(path: str) -> tuple[date, ...]:
    for match in _DATE.finditer(PurePosixPath(path).name):
        try:
            return (date(int(match[1]), int(match[2]), int(match[3])),)
        except ValueError:
            continue
    return ()
