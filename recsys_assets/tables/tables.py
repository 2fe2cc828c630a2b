"""The canonical tables of a recommender, as the data assets wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ops_gpu.interactions.utc_days import day_end
from ops_gpu.logs import EntityTable
from recsys_assets.blueprint.blueprint import Blueprint, latest

if TYPE_CHECKING:
    import polars as pl


EVENT = ("user_id", "item_id", "timestamp", "label")


def event_files(blueprint: Blueprint, until: date | None = None) -> list[Path]:
    """Files of the materialized days within the recommender's dates, in order.

    Args:
        blueprint: the recommender.
        until: last day wanted, included; None for all.

    Raises:
        FileNotFoundError: when there is none.
    """
    folder = blueprint.home.interactions_folder(blueprint.name)
    files = {date.fromisoformat(path.stem): path for path in folder.glob("*.parquet")}
    start = blueprint.settings.start or date.min
    end = min(
        blueprint.settings.end or date.max, latest(blueprint.settings).date() + timedelta(days=1)
    )  # none ahead of now
    found = [files[day] for day in sorted(files) if start <= day < end and (until is None or day <= until)]
    if not found:
        raise FileNotFoundError(
            f"There are no interactions of {blueprint.name!r} in {folder}; materialize {blueprint.name}/interactions."
        )
    return found


def require_events(blueprint: Blueprint, days: Iterable[date]) -> None:
    """Refuses days that were never read; one without events has been.

    Raises:
        ValueError: names the first one.
    """
    name = blueprint.name
    if never := [day for day in days if not blueprint.home.interactions(name, day).exists()]:
        raise ValueError(
            f"{name}/interactions has no file of {never[0]}; materialize {name}/interactions for that day."
        )


def read_events(files: Sequence[Path]) -> pl.DataFrame:
    """Events of some files, each in time order, one after another.

    Of the columns kept beside the four of an event, none is read here, and their types may differ from day to day where
    an older version wrote some of them.
    """
    return scan_events(files).collect()


def scan_events(files: Sequence[Path]) -> pl.LazyFrame:
    """The same, not read yet."""
    import polars as pl

    return pl.concat([pl.scan_parquet(file, glob=False).select(EVENT) for file in files])


def users_frame(blueprint: Blueprint, for_filters: bool = False) -> pl.DataFrame:
    """The users table: what models read, and `for_filters` what filters alone read too."""
    return _entities(blueprint.home.users(blueprint.name), blueprint.settings.users, for_filters)


def items_frame(blueprint: Blueprint, for_filters: bool = False) -> pl.DataFrame:
    """The items table: what models read, and `for_filters` what filters alone read too."""
    return _entities(blueprint.home.items(blueprint.name), blueprint.settings.items, for_filters)


def _entities(path: Path, table: EntityTable | None, for_filters: bool) -> pl.DataFrame:
    import polars as pl

    frame = pl.read_parquet(path, glob=False)
    return frame if for_filters or table is None else without_filters(frame, table)


def without_filters(frame: pl.DataFrame, table: EntityTable) -> pl.DataFrame:
    """A users or items table without the columns that only filters read."""
    return frame.drop(name for name in table.only_filters if name in frame.columns)


def last_midnight(files: Sequence[Path]) -> int:
    """Midnight after the last event, in epoch seconds.

    Args:
        files: of days, in order.

    Raises:
        ValueError: when there is no event.
    """
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    for file in reversed(files):
        if pq.read_metadata(file).num_rows:
            return day_end(date.fromisoformat(file.stem))
    raise ValueError("there is no event on any materialized day; materialize days that have some.")
