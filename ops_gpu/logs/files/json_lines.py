"""JSON lines, one object a line."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.logs.errors.log_error import LogError, first_line
from ops_gpu.logs.files.columns import require_columns
from ops_gpu.logs.values.id_values import NO_VALUE

DEEPEST = 100
"""Levels of lists and objects within each other; tens of thousands overflow the stack of the parser."""

_LEVEL = np.zeros(256, np.int8)
_LEVEL[[ord("["), ord("{")]] = 1
_LEVEL[[ord("]"), ord("}")]] = -1
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"?')


_NO_NUMBER = re.compile(rb'"(?:[^"\\]|\\.)*"|(?<![\w.])(?:NaN|-?Infinity)(?![\w.])')
"""A text, or a word that Python writes for a number that is none."""


def read_json_lines(
    data: bytes, columns: list[str], present: list[str], path: str, ids: Collection[str] = ()
) -> pl.DataFrame:
    """Reads some columns of JSON lines.

    Lines may end in any way, as no text of JSON holds a line end as it is. NaN and Infinity, which Python writes though
    they are no JSON, are null.

    Args:
        data: the plain bytes of the file.
        columns: the columns wanted, in the order of the result.
        present: all that must be there, those among them.
        path: the file's name, for messages.
        ids: columns of ids; what is no text and no number there, beside texts, gets the mark `NO_VALUE`.

    Raises:
        LogError: when a line is no JSON object, or nests too deep, or no line has a wanted column.
    """
    data = _with_nulls(data.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n"))
    if not data.strip():
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    _require_shallow(data, path)
    try:
        # The types are taken from all lines: a few first ones may hold only nulls or only integers.
        frame = pl.read_ndjson(io.BytesIO(data), infer_schema_length=None)
    except pl.exceptions.PolarsError as error:
        raise LogError(
            f"'{path}' is not a file of JSON lines ({first_line(error)}); expected one object a line."
        ) from error
    require_columns(present, frame.columns, path)
    return _marked(frame.select(columns), data, ids)


def _with_nulls(data: bytes) -> bytes:
    if b"NaN" not in data and b"Infinity" not in data:
        return data
    lines = data.split(b"\n")
    return b"\n".join(_with_null(line) if b"NaN" in line or b"Infinity" in line else line for line in lines)


def _with_null(line: bytes) -> bytes:
    return _NO_NUMBER.sub(lambda found: found[0] if found[0].startswith(b'"') else b"null", line)


def _marked(frame: pl.DataFrame, data: bytes, ids: Collection[str]) -> pl.DataFrame:
    """Puts the mark before objects, lists and truth values that became text, for some lines hold texts."""
    for name in ids:
        if frame.schema[name] != pl.String:
            continue
        alike = frame.select(pl.col(name).str.contains(r"^[\[{]") | pl.col(name).is_in(["true", "false"]))[name]
        if not (places := alike.fill_null(False).arg_true().to_list()):
            continue
        lines = [line for line in data.split(b"\n") if line.strip()]
        marked = [place for place in places if isinstance(json.loads(lines[place]).get(name), dict | list | bool)]
        values = frame[name]
        frame = frame.with_columns(values.scatter(marked, [NO_VALUE + values[place] for place in marked]))
    return frame


def _require_shallow(data: bytes, path: str) -> None:
    levels = _LEVEL[np.frombuffer(data, np.uint8)]
    places = np.flatnonzero(levels)
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    line = np.searchsorted(ends, places)
    depth = np.concatenate([np.zeros(1, np.int64), np.cumsum(levels[places], dtype=np.int64)])
    first = np.searchsorted(line, line)  # the first bracket of the same line
    for suspect in np.unique(line[depth[1:] - depth[first] > DEEPEST]).tolist():
        begin = ends[suspect - 1] + 1 if suspect else 0
        stop = ends[suspect] if suspect < len(ends) else len(data)
        if _depth(data[begin:stop]) > DEEPEST:
            raise LogError(
                f"'{path}' holds values of more than {DEEPEST} levels of lists and objects in line {suspect + 1}, "
                f"expected one flat object a line; mend the line."
            )


def _depth(line: bytes) -> int:
    """How deep a line nests, brackets within texts left out."""
    levels: npt.NDArray[np.int8] = _LEVEL[np.frombuffer(_TEXT.sub(b"", line), np.uint8)]
    return int(np.cumsum(levels, dtype=np.int64).max(initial=0))
