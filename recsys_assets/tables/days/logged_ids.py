"""The distinct ids of all events, kept from day to day."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import write_frame
from recsys_assets.tables.parquet_notes import parquet_notes
from recsys_assets.tables.tables import event_files

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

DAYS = "days"
"""Note of the kept ids: which content of which days they are of."""


def logged_ids(blueprint: Blueprint, column: str) -> pl.Series | None:
    """The distinct ids of all materialized events, in no order; None before there are any.

    Days that were only added since the last time are read, and no others.

    Args:
        blueprint: the recommender.
        column: `user_id` or `item_id`.
    """
    import polars as pl

    from ops_gpu.interactions.days.day_stamp import day_stamp, only_added

    try:
        files = {file.stem: file for file in event_files(blueprint)}
    except FileNotFoundError:
        return None
    path = blueprint.home.folds(blueprint.name) / "ids" / f"{column}.parquet"
    contents, before = {day: day_stamp(file) for day, file in files.items()}, _noted(path)
    added = only_added(before, contents)
    kept = [pl.scan_parquet(path, glob=False)] if before and added is not None else []
    new = [pl.scan_parquet(files[day], glob=False).select(column) for day in (files if added is None else added)]
    ids = pl.concat([*kept, *new]).unique().collect(engine="streaming")
    if new:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_frame(ids, path, {DAYS: json.dumps(contents)})
    return ids[column]


def _noted(path: Path) -> dict[str, str]:
    """Content by day; of a damaged note or none, nothing."""
    found: dict[str, str] = {}
    with suppress(ValueError):
        found = json.loads(parquet_notes(path).get(DAYS, "{}"))
    return found
