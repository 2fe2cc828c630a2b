"""Lines of delimited text, however they end: LF, CR LF, CR, CR CR LF, or one after the other; blank ones left out."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from ops_gpu.logs.errors.log_error import LogError, shown

_DOUBLED = re.compile(rb"\r\r+\n")
_BLANK = re.compile(rb"(?<=\n)(?:\r?\n)+")
_LONE = re.compile(rb"\r(?!\n)")

Places = npt.NDArray[np.int64]


def first_line_of(text: bytes, quote: bytes | None) -> bytes:
    """The first line with its line end; a line end within quotes is none, unless these never end."""
    start = quotes = 0
    while (end := text.find(b"\n", start)) >= 0:
        quotes += text.count(quote, start, end) if quote else 0
        if quotes % 2 == 0:
            return text[: end + 1]
        start = end + 1
    return text[: text.find(b"\n") + 1] or text


def require_pairs(text: bytes, quote: bytes | None, path: str) -> None:
    """Refuses a quote without a second one, within which all lines that follow would lie.

    Args:
        text: in UTF-8.
        quote: one byte; None for no quoting.
        path: the file, for the message.

    Raises:
        LogError: where there is such a quote before the last line.
    """
    if not quote or text.count(quote) % 2 == 0:
        return
    last = text.rindex(quote)
    end, *rest = text[last:].rstrip(b"\r\n").replace(b"\r", b"\n").split(b"\n", 1)
    if rest:
        start = max(text.rfind(b"\n", 0, last), text.rfind(b"\r", 0, last)) + 1
        line = (text[start:last] + end).decode(errors="replace")
        raise LogError(
            f"'{path}' holds an unpaired quote, the last one in the line {shown(line)}, so that it cannot be told where"
            f" lines end; mend the line, or say quote: ''."
        )


def without_blank_lines(text: bytes, quote: bytes | None) -> bytes:
    """The same text without lines that hold nothing at all; within quotes they belong to the field."""
    blank = [match.span() for match in _BLANK.finditer(text)]
    if not blank:
        return text
    quotes = _places(text, quote) if quote else np.empty(0, np.int64)
    outside = np.searchsorted(quotes, np.array(blank)[:, 0]) % 2 == 0
    parts, start = [], 0
    for (begin, end), removed in zip(blank, outside.tolist(), strict=True):
        if removed:
            parts.append(text[start:begin])
            start = end
    return b"".join([*parts, text[start:]])


def settled(text: bytes, separator: bytes, quote: bytes | None, path: str) -> bytes:
    """The same text, with every line ending in LF or CR LF.

    A carriage return alone may end a line, or belong to a field. Which of the two is told by the number of fields:
    one of both readings must give as many as the first line has (most of the others, where it stands in the first).
    Within quotes it belongs to the field.

    Args:
        text: in UTF-8.
        separator: one byte.
        quote: one byte; None for no quoting.
        path: the file, for messages.

    Raises:
        LogError: where neither reading fits, with the number of the line; where a quote never ends, within which all
            line ends that follow would lie.
    """
    if text.count(b"\r") == text.count(b"\r\n"):
        return text
    quotes = _places(text, quote) if quote else np.empty(0, np.int64)
    require_pairs(text, quote, path)
    text = _without(text, _outside(np.array([m.start() for m in _DOUBLED.finditer(text)], np.int64), quotes))
    quotes = _places(text, quote) if quote else quotes
    lone = _outside(np.array([m.start() for m in _LONE.finditer(text)], np.int64), quotes)
    ends = _outside(_places(text, b"\n"), quotes)
    if len(lone) == 0 or len(ends) == 0:
        return _ended(text, lone)
    separators = _outside(_places(text, separator), quotes)
    return _ended(text, lone[_ends_a_line(lone, ends, separators, len(text), path)])


def _places(text: bytes, byte: bytes) -> Places:
    return np.flatnonzero(np.frombuffer(text, np.uint8) == byte[0])


def _outside(places: Places, quotes: Places) -> Places:
    """Those before which an even number of quotes stands."""
    outside: Places = places[np.searchsorted(quotes, places) % 2 == 0]
    return outside


def _without(text: bytes, doubled: Places) -> bytes:
    """Leaves one CR before the LF of each of these ends."""
    parts, start = [], 0
    for place in doubled.tolist():
        parts.append(text[start:place])
        start = text.index(b"\n", place) - 1
    return b"".join([*parts, text[start:]])


def _ends_a_line(lone: Places, ends: Places, separators: Places, size: int, path: str) -> npt.NDArray[np.bool_]:
    """Whether each lone CR ends a line, bool `[lone]`."""
    whole = np.concatenate([[-1], ends, [size]])
    pieces = np.unique(np.concatenate([whole, lone]))
    of_whole, of_pieces = _counts(separators, whole), _counts(separators, pieces)
    line = np.searchsorted(ends, lone)  # the line that each one stands in
    others = np.diff(whole) > 1
    others[line] = False
    counts = of_whole[:1] if line[0] else of_whole[others] if others.any() else of_pieces
    usual = np.bincount(counts).argmax()  # the first line says it, where there is no doubt about it
    fits = (of_pieces == usual) | (np.diff(pieces) == 1)
    splits = np.ones(len(of_whole), np.bool_)
    np.logical_and.at(splits, np.searchsorted(ends, pieces[1:]), fits)
    unclear = np.unique(line[~splits[line] & (of_whole[line] != usual)])
    if len(unclear):
        raise LogError(
            f"'{path}' holds a carriage return in line {unclear[0] + 1} that neither ends a line of {usual + 1} fields "
            f"nor stands within one; write the file with one kind of line end, or quote the field."
        )
    return splits[line]


def _counts(separators: Places, borders: Places) -> Places:
    """How many separators stand between each two borders."""
    counts: Places = np.diff(np.searchsorted(separators, borders)).astype(np.int64)
    return counts


def _ended(text: bytes, places: Places) -> bytes:
    array = np.frombuffer(text, np.uint8).copy()
    array[places] = ord("\n")
    return array.tobytes()
