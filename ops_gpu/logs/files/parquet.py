"""Parquet files, whatever zone their times were written with."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl

from ops_gpu.logs.errors.log_error import LogError, first_line
from ops_gpu.logs.files.columns import require_columns
from ops_gpu.logs.files.foreign import require_declared
from ops_gpu.logs.files.listing import LogFile


def read_parquet(file: LogFile, columns: list[str], present: list[str]) -> pl.DataFrame:
    """Reads some columns of a Parquet file.

    Arrow reads it, and not Polars, of which a damaged file ends the process: it asks for as much memory as the file
    says. A time with a zone that Polars does not know (`+05:30`, which pandas writes) is given in UTC: the file holds
    the moment itself, and the zone is only how to show it.

    Args:
        file: the file.
        columns: the columns wanted, in the order of the result.
        present: all that must be there, those among them.

    Raises:
        LogError: when it is damaged, or lacks a column.
    """
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    content: Any = file.path if file.local else io.BytesIO(file.read())
    try:
        with pq.ParquetFile(content, page_checksum_verification=True) as opened:
            schema = opened.schema_arrow
            require_columns(present, schema.names, file.path)
            fixed = [name for name in columns if _fixed(schema.field(name).type)]
            table = opened.read([name for name in columns if name not in fixed])
        if fixed:
            table = _with_lists(table, io.BytesIO(_of_any_length(file.read())), fixed)
        table = table.select(columns)
        table.validate(full=True)
        return _frame(table, file.path)
    except (pa.ArrowException, OSError, UnicodeError) as error:
        if not (head := _head(content)).startswith(b"PAR1"):
            require_declared(head, file.path)
        raise LogError(
            f"'{file.path}' is not a readable Parquet file ({first_line(error)}); write or copy it here again."
        ) from error


def _head(content: Any) -> bytes:
    if isinstance(content, io.BytesIO):
        return content.getvalue()[:4096]
    with suppress(OSError), Path(content).open("rb") as stream:
        return stream.read(4096)
    return b""


def _with_lists(table: Any, content: io.BytesIO, columns: list[str]) -> Any:
    import pyarrow.parquet as pq

    with pq.ParquetFile(content, page_checksum_verification=True) as opened:
        read = opened.read(columns)
    for name in columns:
        table = table.append_column(name, read[name])
    return table


def _of_any_length(data: bytes) -> bytes:
    """The bytes of a file, with lists of one length as lists of any: Arrow does not read one of the former where a
    list is null.

    That their length is the same is told by the Arrow schema alone, which is kept beside that of the columns under a
    key of its own; under another key of the same size nobody looks for it.
    """
    size = int.from_bytes(data[-8:-4], "little")
    start = max(0, len(data) - 8 - size)
    return data[:start] + data[start:].replace(b"\x0cARROW:schema", b"\x0cARROW_schema")


class _UnsayableZone(Exception):
    """A type holds times of a zone that Polars does not know, within others of which Arrow makes no new ones."""


def _frame(table: Any, path: str) -> pl.DataFrame:
    import pyarrow as pa

    try:
        schema = pa.schema([field.with_type(_known(field.type)) for field in table.schema])
        return pl.DataFrame(table.cast(schema))
    except _UnsayableZone as error:
        raise LogError(
            f"'{path}' holds times of a zone that cannot be read within other values ({first_line(error)}); write "
            f"them in UTC."
        ) from error


def _known(kind: Any) -> Any:
    """The same type, with times in UTC where Polars does not know their zone.

    Raises:
        _UnsayableZone: where that cannot be said of the type.
    """
    import pyarrow as pa

    def inner(field: Any) -> Any:
        return field.with_type(_known(field.type))

    if pa.types.is_timestamp(kind):
        return kind if kind.tz is None or _is_zone(kind.tz) else pa.timestamp(kind.unit, "UTC")
    if pa.types.is_struct(kind):
        return pa.struct([inner(kind.field(at)) for at in range(kind.num_fields)])
    if pa.types.is_large_list(kind):
        return pa.large_list(inner(kind.value_field))
    if pa.types.is_list(kind):
        return pa.list_(inner(kind.value_field))
    inside = kind.value_type if pa.types.is_dictionary(kind) else None
    parts = [inside] if inside is not None else [kind.field(at).type for at in range(kind.num_fields)]
    if any(_known(part) != part for part in parts):
        raise _UnsayableZone(str(kind))
    return kind


def _is_zone(zone: str) -> bool:
    """Whether Polars knows it; it panics at the others."""
    try:
        pl.Series([0]).cast(pl.Datetime("us", zone))
    except pl.exceptions.PolarsError:
        return False
    return True


def _fixed(kind: Any) -> bool:
    """Whether there are lists of one length in it."""
    import pyarrow as pa

    within = (kind.field(at).type for at in range(kind.num_fields))
    return bool(pa.types.is_fixed_size_list(kind)) or any(_fixed(part) for part in within)
