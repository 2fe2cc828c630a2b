"""Events of files that are gone, which stay though their days are read again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ops_gpu.logs import LogError

if TYPE_CHECKING:
    import polars as pl

FILE = "__file__"
EVENT = ["user_id", "item_id", "timestamp"]


def kept_rows(path: Path, gone: Collection[str], read: pl.DataFrame) -> pl.DataFrame:
    """The rows of a kept day that no file holds any more.

    Args:
        path: the day's Parquet file, as it was written before.
        gone: files (`__file__`) that are there no more.
        read: what was read of the day now; events among it are none of these, for their file may have another name.

    Returns:
        Rows with the columns and types of `read`; a column that the day did not have is null.

    Raises:
        LogError: when ids are of another type now, and these are none of it.
    """
    import polars as pl

    if not gone or not path.exists():
        return read.clear()
    old = pl.read_parquet(path, glob=False)
    if FILE in old.columns:
        old = old.filter(pl.col(FILE).is_in(list(gone)))
    old = pl.concat([read.clear(), typed(old, read.schema, path)], how="diagonal")
    return old.join(read.select(EVENT), on=EVENT, how="anti", maintain_order="left")


def typed(old: pl.DataFrame, schema: pl.Schema, path: Path) -> pl.DataFrame:
    """Kept rows with the columns and types of today; LogError where an id is none of today's type."""
    import polars as pl

    same = old.select(
        pl.col(name).cast(schema[name], strict=False) if name in old.columns else pl.lit(None, schema[name]).alias(name)
        for name in schema
    )
    for name in ("user_id", "item_id"):
        if same[name].null_count() > old[name].null_count():
            raise LogError(
                f"{old.height:,} events of {path.stem} are kept, whose file is gone, with a {name} of type "
                f"{old.schema[name]}, expected {schema[name]}; put the file back, or let go of such days "
                "(recsys materialize --drop-missing)."
            )
    return same


def of_day(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    """The rows of one day."""
    import polars as pl

    return frame.filter(pl.col("timestamp").dt.date() == day)
