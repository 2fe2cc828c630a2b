"""Users and items of events that are kept though their files are gone: each has a row all the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ops_gpu.logs import EntityTable

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    Gone = Callable[[pl.Series], pl.Series]


def with_kept(
    frame: pl.DataFrame, seen: pl.Series | None, path: Path, table: EntityTable, gone: Gone | None = None
) -> pl.DataFrame:
    """A users or items table with everyone who has a materialized event.

    Args:
        frame: the table as it was read now; its first column is the id.
        seen: distinct ids of all materialized events; None before there are any.
        path: the table as it was read before, if it was: whoever is gone from the log has what was known then, as far
            as it is of today's types.
        table: what its columns mean.
        gone: tells which of the ids that the table lacks are gone from the log; None for all. The others are in the
            log, and whoever wrote the table has left them out: they have nothing.

    Returns:
        The table by rising id.
    """
    import polars as pl

    from ops_gpu.logs.tables import with_unknown

    key = frame.columns[0]
    if seen is None or seen.dtype != frame.schema[key]:  # other ids break the contract, which says so
        return frame
    missing = seen.to_frame(key).join(frame, on=key, how="anti")
    if missing.is_empty():
        return frame
    if path.exists():
        old = pl.read_parquet(path, glob=False)
        if old.schema.get(key) == frame.schema[key]:
            lost = missing if gone is None else gone(missing[key]).to_frame()
            known = _known(frame, lost, old, table)
            frame = pl.concat([frame, known])
            missing = missing.join(known, on=key, how="anti")
    return with_unknown(frame, missing[key], table).sort(key)


def _known(frame: pl.DataFrame, missing: pl.DataFrame, old: pl.DataFrame, table: EntityTable) -> pl.DataFrame:
    """Rows of the missing ones that the table had before, with the columns and types of today."""
    import polars as pl

    from ops_gpu.logs.tables import with_unknown

    key = frame.columns[0]
    columns = [
        pl.col(name).cast(dtype, strict=False)
        for name, dtype in frame.schema.items()
        if name in old.columns and old.schema[name].is_nested() == dtype.is_nested()
    ]
    old = old.select(columns)
    unknown = with_unknown(frame.clear(), missing.join(old, on=key, how="semi")[key], table)
    others = unknown.select(name for name in frame.columns if name == key or name not in old.columns)
    return others.join(old, on=key, how="left").select(frame.columns)
