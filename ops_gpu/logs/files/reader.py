"""One raw file to one frame with the wanted columns."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from ops_gpu.logs.errors.reading import reading
from ops_gpu.logs.files.blocks import first_line
from ops_gpu.logs.files.compression import decompress
from ops_gpu.logs.files.delimited import read_delimited
from ops_gpu.logs.files.foreign import require_declared
from ops_gpu.logs.files.json_lines import read_json_lines
from ops_gpu.logs.files.listing import LogFile
from ops_gpu.logs.files.parquet import read_parquet
from ops_gpu.logs.files.source import LogSource


def read_file(
    file: LogFile,
    source: LogSource,
    columns: Collection[str],
    present: Collection[str] = (),
    ids: Collection[str] = (),
) -> tuple[pl.DataFrame, int]:
    """Reads the wanted columns of one file.

    Args:
        file: the file.
        source: its layout.
        columns: names of the columns wanted, in the order of the result.
        present: names of others that must be there too.
        ids: those of the columns that hold ids, in which `id_values.NO_VALUE` marks what can be none.

    Returns:
        A frame of these columns (text of delimited files, the types of the others), and the number of
        lines that could not be split into fields.

    Raises:
        LogError: when the file is damaged or lacks a column, or a library fails on it in any other way.
    """
    wanted, present = list(dict.fromkeys(columns)), list(dict.fromkeys([*columns, *present]))
    with reading(file.path):
        if file.format == "parquet":
            return _plain_types(read_parquet(file, wanted, present)), 0
        return _parsed(decompress(file.read(), file.path), file, source, wanted, present, ids)


def read_part(
    file: LogFile, source: LogSource, data: bytes, start: int, columns: Collection[str], ids: Collection[str] = ()
) -> tuple[pl.DataFrame, int]:
    """Reads the wanted columns of some whole lines of a text file.

    Args:
        file: the file.
        source: its layout.
        data: the lines; those of several parts may stand one after another.
        start: where the first of them begins in the file.
        columns: names of the columns wanted, in the order of the result.
        ids: as in `read_file`.

    Returns:
        As `read_file`.

    Raises:
        LogError: as `read_file`.
    """
    wanted = list(dict.fromkeys(columns))
    with reading(file.path):
        if file.format == "jsonl" or start == 0:
            return _parsed(data, file, source, wanted, wanted, ids)
        frame, malformed = _parsed(first_line(file, source) + data, file, source, wanted, wanted, ids)
        return frame if source.header else frame[1:], malformed  # without a header, the first line was read as a row


def _parsed(
    data: bytes, file: LogFile, source: LogSource, wanted: list[str], present: list[str], ids: Collection[str]
) -> tuple[pl.DataFrame, int]:
    require_declared(data, file.path)
    if file.format == "jsonl":
        return _plain_types(read_json_lines(data, wanted, present, file.path, ids)), 0
    return read_delimited(data, source, wanted, present, file.path)


def _plain_types(frame: pl.DataFrame) -> pl.DataFrame:
    """Dictionary text and text without its mark become text, decimals become numbers: later steps know few types."""
    casts = [
        pl.col(name).cast(_plain(dtype))
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Categorical | pl.Enum | pl.Decimal | pl.Binary)
    ]
    return frame.with_columns(casts)


def _plain(dtype: pl.DataType) -> pl.DataType:
    if isinstance(dtype, pl.Decimal):
        return pl.Float64() if dtype.scale else pl.Int128()  # an id of 18 digits must not be rounded
    return pl.String()
