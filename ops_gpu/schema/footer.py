"""What a Parquet file says of itself, before a row of it is read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from ops_gpu.schema.column_types import fits
from ops_gpu.schema.schema import Schema

REMEMBERED = 10_000
"""Files: of a year of days every asset asks anew whether they are those that it read."""


def footer_notes(path: Path) -> Mapping[str, str]:
    """The notes that a file was written with; read once a process, as long as the file is the same.

    Raises:
        FileNotFoundError: when it is not there.
        pyarrow.ArrowInvalid: when it was cut off.
    """
    found = path.stat()
    return _notes(path, found.st_ino, found.st_size, found.st_mtime_ns)


@lru_cache(REMEMBERED)
def _notes(path: Path, _inode: int, _size: int, _written: int) -> Mapping[str, str]:
    found = pq.read_metadata(path).metadata or {}
    return {key.decode(): value.decode() for key, value in found.items()}


def said_by_footer(path: Path, schema: Schema) -> bool:
    """Whether the footer alone shows that a file keeps a contract: columns, types, and no null at all.

    False says nothing: a footer may lack the counts of nulls, and says nothing of NaN, of lists and of values.

    Args:
        path: Parquet.
        schema: what is expected, every column of it without a null.
    """
    if any(column.is_list or column.domain is not None for column in schema):
        return False
    types = pl.read_parquet_schema(path)
    if not all(
        name in types and not types[name].is_float() and fits(schema[name], types[name]) for name in schema.names
    ):
        return False
    metadata = pq.read_metadata(path)
    leaves = [metadata.schema.column(place).path for place in range(metadata.num_columns)]  # of structs, too
    places = [leaves.index(name) for name in schema.names]
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    counts = (group.column(place).statistics for group in groups for place in places)
    return all(count is not None and count.has_null_count and count.null_count == 0 for count in counts)
