"""Ids that are known from events alone whose files are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.read_days import UNKNOWN, ReadDay, ReadDays
from recsys_assets.tables.kept_rows import FILE
from recsys_assets.tables.tables import event_files

if TYPE_CHECKING:
    from collections.abc import Collection

    import polars as pl


def gone_ids(blueprint: Blueprint, seen: pl.Series) -> pl.Series:
    """Those of which no file holds an event any more.

    Days that keep events of files that are gone are read, and all others where there are such ids.

    Args:
        blueprint: the recommender, with events on disk.
        seen: the distinct ids of all events, named `user_id` or `item_id`.

    Raises:
        LogError: when the account of what was read is damaged.
    """
    import polars as pl

    column, none = seen.name, seen.clear()
    account = ReadDays.load(blueprint.home, blueprint.name)
    gone = {str(day): _gone(read) for day, read in account.items() if read.kept or UNKNOWN in read.counts}
    lost, there = [none.to_frame().lazy()], [none.to_frame().lazy()]
    for path in event_files(blueprint) if gone else []:
        rows = pl.scan_parquet(path, glob=False)
        if files := gone.get(path.stem):
            named = pl.col(FILE).fill_null(UNKNOWN) if FILE in rows.collect_schema() else pl.lit(UNKNOWN)
            lost.append(rows.filter(named.is_in(list(files))).select(column))
            rows = rows.filter(~named.is_in(list(files)))
        there.append(rows.select(column))
    found = pl.concat(lost).unique().collect()[column]
    if found.is_empty():
        return none
    mine = pl.col(column).is_in(found.implode())
    others = pl.concat([rows.filter(mine) for rows in there]).unique().collect(engine="streaming")[column]
    return found.filter(~found.is_in(others.implode()))


def _gone(read: ReadDay) -> Collection[str]:
    """The files of a day that are gone; of one that a version of before has read, which did not say, all."""
    return read.gone or {*read.counts, UNKNOWN}
