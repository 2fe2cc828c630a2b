"""The fields of a delimited file, known from its first line."""

from __future__ import annotations

import csv
from collections.abc import Collection

from ops_gpu.logs.errors.log_error import LogError, names
from ops_gpu.logs.files.columns import correction
from ops_gpu.logs.files.source import LogSource

_GUESSES = (",", ";", "\t", "|", "::", ":", " ")


def field_names(first: str, source: LogSource, columns: Collection[str], path: str) -> list[str]:
    """The names of the fields of every line, in order.

    Args:
        first: the first line.
        source: separator, header and quoting.
        columns: the columns that will be needed.
        path: the file's name, for messages.

    Returns:
        The names in the header, or those that the source declares.

    Raises:
        LogError: when a needed column is missing or the line has another number of fields, with a guess at
            the right separator.
    """
    found = _split(first, source.separator, source.quote_character)
    if source.header:
        _check_header(found, first, source, columns, path)
        return found
    if len(found) != len(source.columns):
        raise LogError(
            f"'{path}' has {len(found)} fields a line with separator '{source.shown_separator}', expected "
            f"{len(source.columns)} (columns: {names(source.columns)}){_hint(first, source)}."
        )
    missing = [name for name in columns if name not in source.columns]
    if missing:
        raise LogError(
            f"'{path}' has no column '{missing[0]}', its source declares the columns "
            f"{names(source.columns)}; correct the name in the YAML.",
            missing[0],
        )
    return list(source.columns)


def _check_header(found: list[str], first: str, source: LogSource, columns: Collection[str], path: str) -> None:
    missing = [name for name in columns if name not in found]
    if missing:
        hint = _hint(first, source) if len(found) == 1 or "\0" in first else f"; {correction(missing[0], found)}"
        raise LogError(
            f"'{path}' has no column '{missing[0]}' when read with separator '{source.shown_separator}', "
            f"found: {names(found)}{hint}.",
            missing[0],
        )
    if len(set(found)) < len(found):
        raise LogError(f"'{path}' names a column twice in its first line ({names(found)}); rename one of them.")


def _split(line: str, separator: str, quote: str | None) -> list[str]:
    if len(separator) > 1 or quote is None:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator, quotechar=quote), [""])
    except csv.Error:  # a carriage return within a field that is not quoted, or a field of more than 128 kB
        return line.split(separator)


def _hint(line: str, source: LogSource) -> str:
    if "\0" in line:
        return "; its characters take two bytes each, name its encoding, for example encoding: utf-16-le"
    for guess in _GUESSES:
        count = len(_split(line, guess, source.quote_character))
        if count > 1 and (source.header or count == len(source.columns)) and guess != source.separator:
            shown = "\\t" if guess == "\t" else guess
            return f'; the line looks separated by another one, try separator: "{shown}"'
    return "; correct the separator or the columns in the YAML"
