"""Blocks of a text file, so that of one that grows only the end is read, and of a long one what is wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ops_gpu.logs.files.compression import is_compressed
from ops_gpu.logs.files.day_rows import DayRows, days_of_json, days_to_json
from ops_gpu.logs.files.listing import LogFile
from ops_gpu.logs.files.source import LogSource

SIZE = 16 << 20
"""Bytes of a block, about: what is held in memory to look at it."""
_HEAD = 1 << 16
_PLAIN = ("utf-8", "utf8", "ascii", "latin-1", "latin1", "iso-8859-1", "iso-8859-15", "cp1252", "cp1250", "cp1251")
"""Encodings in which the bytes of a line end and of a quote stand for nothing else."""


@dataclass(frozen=True)
class Block:
    """A part of a file that begins and ends with whole lines.

    Args:
        start: first byte.
        end: byte after the last one.
        digest: of its bytes.
        days: rows of each day in it.
    """

    start: int
    end: int
    digest: str
    days: Mapping[date, DayRows]

    def to_list(self) -> list[Any]:
        """As JSON-ready values."""
        return [self.start, self.end, self.digest, days_to_json(self.days)]

    @classmethod
    def of_list(cls, values: Sequence[Any]) -> Block:
        """Back from `to_list`."""
        start, end, digest, days = values
        return cls(start, end, digest, days_of_json(days))


@dataclass(frozen=True)
class Piece:
    """The bytes of a block that was not looked at yet."""

    start: int
    data: bytes

    @property
    def end(self) -> int:
        """The byte after the last one."""
        return self.start + len(self.data)

    @property
    def digest(self) -> str:
        """Of the bytes."""
        return digest_of(self.data)


def digest_of(data: bytes) -> str:
    """32 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def has_blocks(file: LogFile, source: LogSource) -> bool:
    """Whether a file can be read in parts: it is text, not compressed, and its lines end at LF alone."""
    if file.format == "parquet" or not file.size or file.size <= 0:
        return False
    if file.format == "delimited" and source.encoding.lower().replace("_", "-") not in _PLAIN:
        return False
    head = file.read(0, min(file.size, _HEAD))
    return not is_compressed(head) and _ends_at_lf(head)


def pieces(file: LogFile, source: LogSource, start: int, end: int) -> Iterator[Piece]:
    """Cuts a part of a file after whole lines.

    Args:
        file: the file.
        source: says what quotes a field, in which a line end is none.
        start: where a line begins.
        end: where the last line ends, with or without its line end; a field within quotes that does not end before, in
            a file that goes on, is left.
    """
    quote = _quote(file, source)
    held, quotes, begin, place = list[bytes](), 0, start, start  # what no line end was found in, and quotes in it
    while place < end:
        data, place = file.read(place, min(place + SIZE, end)), min(place + SIZE, end)
        cut = len(data) if place >= (file.size or end) else _last_line_end(data, quote, quotes)
        if cut:
            piece = b"".join([*held, data[:cut]])
            yield Piece(begin, piece)
            held, quotes, begin = [], 0, begin + len(piece)
        held.append(data[cut:])
        quotes += data.count(quote, cut) if quote else 0


def whole_lines(file: LogFile, source: LogSource, start: int, end: int) -> int:
    """Where the last line ends that has a line end; `start` where none has."""
    tail = max(start, end - SIZE)
    return tail + _last_line_end(file.read(tail, end), _quote(file, source) if tail == start else None)


def first_line(file: LogFile, source: LogSource) -> bytes:
    """The first line that holds anything, with its line end, and whatever blank lines stand before it."""
    quote, size = source.quote_character, file.size or 0
    for length in (_HEAD, SIZE, size):
        data = file.read(0, min(size, length))
        start, quotes = len(data) - len(data.lstrip(b"\r\n")), 0
        while (end := data.find(b"\n", start)) >= 0:
            quotes += data.count(quote.encode(), start, end) if quote else 0
            if quotes % 2 == 0:
                return data[: end + 1]
            start = end + 1
    return data


def _last_line_end(data: bytes, quote: bytes | None, before: int = 0) -> int:
    """The byte after the last line end that no quotes are around; 0 where there is none.

    Args:
        data: some lines.
        quote: one byte; None for no quoting.
        before: quotes that stand before the data since the last such line end.
    """
    end = data.rfind(b"\n") + 1
    if not quote:
        return end
    quotes = before + data.count(quote, 0, end)
    while end and quotes % 2:
        last = data.rfind(quote, 0, end)  # all line ends after it are within quotes as well
        earlier = data.rfind(b"\n", 0, max(last, 0)) + 1
        quotes -= data.count(quote, earlier, end)
        end = earlier
    return end


def _quote(file: LogFile, source: LogSource) -> bytes | None:
    quote = source.quote_character if file.format == "delimited" else None
    return quote.encode() if quote else None


def _ends_at_lf(data: bytes) -> bool:
    data = data.removesuffix(b"\r")  # whose LF may come next
    return b"\n" in data and data.count(b"\r") == data.count(b"\r\n")
