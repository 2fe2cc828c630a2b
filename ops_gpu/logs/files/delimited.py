"""Delimited text with any separator and encoding, read as text columns."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Sequence

import polars as pl

from ops_gpu.logs.errors.log_error import LogError, first_line
from ops_gpu.logs.files.fields import field_names
from ops_gpu.logs.files.line_ends import first_line_of, require_pairs, settled, without_blank_lines
from ops_gpu.logs.files.source import LogSource

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_OVERFLOW = "__overflow__"
_SUBSTITUTES = (b"\x1f", b"\x1e", b"\x1d", b"\x1c", b"\x02", b"\x01")


def read_delimited(
    data: bytes, source: LogSource, columns: Collection[str], present: Collection[str], path: str
) -> tuple[pl.DataFrame, int]:
    """Parses delimited text.

    Polars parses single-byte separators only: a longer one is first replaced by a control character that does
    not occur in the data. It ends lines at LF and CR LF only: other ends are first turned into these.
    A line with too few fields gets nulls; one with too many is left out and counted.

    Args:
        data: the plain bytes of the file.
        source: separator, header, encoding, quoting and nulls.
        columns: the columns wanted.
        present: all that must be there, those among them.
        path: the file's name, for messages.

    Returns:
        A frame of String columns `columns`, and the number of lines with too many fields.

    Raises:
        LogError: when the bytes are not in the encoding, a column is missing, a quote never ends, or it cannot be told
            where a line does.
    """
    text = _to_utf8(data, source, path).lstrip(b"\r\n")
    if not text.strip():
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String)), 0
    byte = source.separator.encode()
    if len(byte) > 1:
        byte = _substitute(text, path)
        text = text.replace(source.separator.encode(), byte)
    quote = source.quote_character.encode() if source.quote_character else None
    text = settled(text, byte, quote, path)
    first = first_line_of(text, quote)
    named = first.rstrip(b"\r\n").replace(byte, source.separator.encode()).decode()
    found = field_names(named, source, present, path)
    body = text.removeprefix(first) if source.header else text
    require_pairs(body, quote, path)
    if len(found) > 1:  # else a blank line is a row whose only field is empty
        body = without_blank_lines(body.lstrip(b"\r\n"), quote)
    frame = _parse(body, byte, found, source, {*columns, _OVERFLOW}, path)
    if byte != source.separator.encode() and source.quote_character:
        frame = frame.with_columns(pl.all().str.replace_all(byte.decode(), source.separator, literal=True))
    malformed = int(frame[_OVERFLOW].is_not_null().sum())
    return frame.filter(pl.col(_OVERFLOW).is_null()).select(list(columns)), malformed


def _to_utf8(data: bytes, source: LogSource, path: str) -> bytes:
    try:
        text = data.decode(source.encoding)
    except UnicodeDecodeError as error:
        likely = "utf-16" if data.startswith(_UTF_16) else "latin-1"
        raise LogError(
            f"'{path}' is not {source.encoding} text (byte {data[error.start]:#04x} at position {error.start}); "
            f"name its encoding, for example encoding: {likely}."
        ) from None
    return text.encode().removeprefix(b"\xef\xbb\xbf")


def _substitute(text: bytes, path: str) -> bytes:
    for byte in _SUBSTITUTES:
        if byte not in text:
            return byte
    raise LogError(
        f"'{path}' holds every control character that could stand for its separator; "
        f"write it again with a separator of one character."
    )


def _parse(
    text: bytes, byte: bytes, found: Sequence[str], source: LogSource, wanted: set[str], path: str
) -> pl.DataFrame:
    # Without a header Polars insists on these names; one column more than there are catches overlong lines.
    numbered = [f"column_{k + 1}" for k in range(len(found) + 1)]
    pairs = zip(numbered, [*found, _OVERFLOW], strict=True)
    chosen = {key: name for key, name in pairs if name in wanted}
    try:
        return pl.read_csv(
            text,
            has_header=False,
            schema=dict.fromkeys(numbered, pl.String),
            columns=list(chosen),
            separator=byte.decode(),
            quote_char=source.quote_character,
            null_values=list(source.null_values),
            truncate_ragged_lines=True,
        ).rename(chosen)
    except pl.exceptions.NoDataError:
        return pl.DataFrame(schema=dict.fromkeys(chosen.values(), pl.String))
    except pl.exceptions.PolarsError as error:
        raise LogError(
            f"'{path}' cannot be parsed as text separated by '{source.shown_separator}' ({first_line(error)}); "
            f"an unpaired quote is the usual reason: mend the line, or say quote: ''."
        ) from error
