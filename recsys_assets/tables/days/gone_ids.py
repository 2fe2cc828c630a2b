"""Ids that are known from events alone whose files are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.read_days import UNKNOWN, ReadDays
from recsys_assets.tables.changed_days import ChangedDays
from recsys_assets.tables.kept_rows import FILE
from recsys_assets.tables.tables import event_files

if TYPE_CHECKING:
    import polars as pl


def gone_ids(blueprint: Blueprint, ids: pl.Series) -> pl.Series:
    """Those of some ids of which no file of the log holds an event any more.

    Args:
        blueprint: the recommender, with events on disk.
        ids: of events, named `user_id` or `item_id`.

    Raises:
        LogError: when there is no file at all, or the account of what was read is damaged.
    """
    import polars as pl

    log, column = blueprint.log_days(), ids.name
    account = ReadDays.of_before(blueprint.home, blueprint.name, log.files, blueprint.place)
    changes = ChangedDays(log, account, blueprint.place)
    files, there = changes.files, [ids.clear().to_frame().lazy()]
    gone = {str(day): changes.gone(day, files) for day in account}
    if not any(gone.values()):
        return ids.clear()
    for path in event_files(blueprint):
        rows = pl.scan_parquet(path, glob=False)
        if names := gone.get(path.stem):
            named = pl.col(FILE).fill_null(UNKNOWN) if FILE in rows.collect_schema() else pl.lit(UNKNOWN)
            rows = rows.filter(~named.is_in([*names, UNKNOWN]))
        there.append(rows.select(column))
    others = pl.concat(there).join(ids.to_frame().lazy(), on=column, how="semi").unique()
    return ids.filter(~ids.is_in(others.collect(engine="streaming")[column].implode()))
