"""Events of files that are gone, which stay though their days are read again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ops_gpu.logs import LogError
from recsys_assets.blueprint.read_days import UNKNOWN

if TYPE_CHECKING:
    import polars as pl

FILE = "__file__"
EVENT = ["user_id", "item_id", "timestamp"]


def kept_rows(path: Path, gone: Collection[str], read: pl.DataFrame) -> pl.DataFrame:
    """The rows of a kept day that no file holds any more, or none that can be read.

    Args:
        path: the day's Parquet file, as it was written before.
        gone: files (`__file__`) that are there no more; those of rows of which nobody noted the file are among them.
        read: what was read of the day now; as many equal events as there are among it are none of these, for their
            file may have another name.

    Returns:
        Rows with the columns and types of `read`; a column that the day did not have is null.

    Raises:
        LogError: when ids are of another type now, and these are none of it.
    """
    import polars as pl

    if not gone or not path.exists():
        return read.clear()
    number, place = pl.int_range(pl.len()).over(EVENT).alias("__number__"), "__place__"
    old = pl.read_parquet(path, glob=False)
    named = pl.col(FILE).fill_null(UNKNOWN) if FILE in old.columns else pl.lit(UNKNOWN)
    lost = pl.col(FILE).is_in([*gone, UNKNOWN])
    # Events of files that are still there come first: what was read stands for them before it does for others.
    old = typed(old.with_columns(named.alias(FILE)), read.schema, path, lost).with_row_index(place).sort(lost)
    left = old.with_columns(number).join(read.select(*EVENT, number), on=[*EVENT, "__number__"], how="anti")
    return left.filter(lost).sort(place).select(read.columns)


def files_of(path: Path) -> set[str]:
    """The files of which the events of a kept day are."""
    import polars as pl

    kept = pl.scan_parquet(path, glob=False)
    return set(kept.select(FILE).unique().collect()[FILE]) if FILE in kept.collect_schema() else {UNKNOWN}


def typed(old: pl.DataFrame, schema: pl.Schema, path: Path, lost: pl.Expr) -> pl.DataFrame:
    """Kept rows with the columns and types of today; LogError where an id of a lost one is none of today's type."""
    import polars as pl

    same = old.select(
        pl.col(name).cast(schema[name], strict=False) if name in old.columns else pl.lit(None, schema[name]).alias(name)
        for name in schema
    )
    for name in ("user_id", "item_id"):
        mine = old.filter(lost)
        if same.filter(lost)[name].null_count() > mine[name].null_count():
            raise LogError(
                f"{mine.height:,} events of {path.stem} are kept, whose file is gone, with a {name} of type "
                f"{old.schema[name]}, expected {schema[name]}; put the file back, or let go of such days "
                "(recsys materialize --drop-missing)."
            )
    return same


def of_day(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    """The rows of one day."""
    import polars as pl

    return frame.filter(pl.col("timestamp").dt.date() == day)
