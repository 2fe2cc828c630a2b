"""JSON lines, one object a line."""

from __future__ import annotations

import io
import re

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.logs.columns import require_columns
from ops_gpu.logs.errors import LogError, first_line

DEEPEST = 100
"""Levels of lists and objects within each other; tens of thousands overflow the stack of the parser."""

_LEVEL = np.zeros(256, np.int8)
_LEVEL[[ord("["), ord("{")]] = 1
_LEVEL[[ord("]"), ord("}")]] = -1
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"?')


def read_json_lines(data: bytes, columns: list[str], present: list[str], path: str) -> pl.DataFrame:
    """Reads some columns of JSON lines.

    Lines may end in any way, as no text of JSON holds a line end as it is.

    Args:
        data: the plain bytes of the file.
        columns: the columns wanted, in the order of the result.
        present: all that must be there, those among them.
        path: the file's name, for messages.

    Raises:
        LogError: when a line is no JSON object, or nests too deep, or no line has a wanted column.
    """
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n")
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
    return frame.select(columns)


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
