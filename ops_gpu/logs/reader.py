"""One raw file to one frame with the wanted columns."""

from __future__ import annotations

import io
from collections.abc import Collection

import polars as pl

from ops_gpu.logs.compression import decompress
from ops_gpu.logs.delimited import read_delimited
from ops_gpu.logs.errors import LogError, first_line, names
from ops_gpu.logs.files import LogFile
from ops_gpu.logs.source import LogSource


def read_file(file: LogFile, source: LogSource, columns: Collection[str]) -> tuple[pl.DataFrame, int]:
    """Reads the wanted columns of one file.

    Args:
        file: the file.
        source: its layout.
        columns: names of the columns wanted, in the order of the result.

    Returns:
        A frame of these columns (text of delimited files, the types of the others), and the number of
        lines that could not be split into fields.

    Raises:
        LogError: when the file is damaged or lacks a column.
    """
    wanted = list(dict.fromkeys(columns))
    if file.format == "parquet":
        return _plain_types(_read_parquet(file, wanted)), 0
    data = decompress(file.read(), file.path)
    if file.format == "jsonl":
        return _plain_types(_read_json_lines(data, file, wanted)), 0
    return read_delimited(data, source, wanted, file.path)


def _read_parquet(file: LogFile, columns: list[str]) -> pl.DataFrame:
    content: str | io.BytesIO = file.path if file.local else io.BytesIO(file.read())
    try:
        found = list(pl.read_parquet_schema(content))
        _require(columns, found, file)
        if isinstance(content, io.BytesIO):
            content.seek(0)
        return pl.read_parquet(content, columns=columns, glob=False, hive_partitioning=False).select(columns)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise LogError(
            f"'{file.path}' is not a readable Parquet file ({first_line(error)}); write or copy it here again."
        ) from error


def _read_json_lines(data: bytes, file: LogFile, columns: list[str]) -> pl.DataFrame:
    if not data.strip():
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    try:
        # The types are taken from all lines: a few first ones may hold only nulls or only integers.
        frame = pl.read_ndjson(io.BytesIO(data), infer_schema_length=None)
    except pl.exceptions.PolarsError as error:
        raise LogError(
            f"'{file.path}' is not a file of JSON lines ({first_line(error)}); expected one object a line."
        ) from error
    _require(columns, frame.columns, file)
    return frame.select(columns)


def _require(columns: list[str], found: list[str], file: LogFile) -> None:
    missing = [name for name in columns if name not in found]
    if missing:
        raise LogError(
            f"'{file.path}' has no column '{missing[0]}', found: {names(found)}; correct the name in the YAML."
        )


def _plain_types(frame: pl.DataFrame) -> pl.DataFrame:
    """Dictionary text becomes text, decimals become floats: later steps know few types."""
    casts = [
        pl.col(name).cast(pl.String if isinstance(dtype, pl.Categorical | pl.Enum) else pl.Float64)
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Categorical | pl.Enum | pl.Decimal)
    ]
    return frame.with_columns(casts)
