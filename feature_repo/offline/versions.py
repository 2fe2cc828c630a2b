"""The versions of rows over time: what has changed since the last write, and what may be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from feature_repo.offline.columns import CREATED, EVENT_TIME, PRESENT

_TIME = pl.Datetime("us", "UTC")


def latest(versions: pl.DataFrame, key: str) -> pl.DataFrame:
    """The newest version of every row."""
    return versions.sort(EVENT_TIME, CREATED).unique(subset=key, keep="last", maintain_order=True)


def changed_versions(
    known: pl.DataFrame | None,
    frame: pl.DataFrame,
    key: str,
    as_of: datetime,
    created: datetime,
    again: Sequence[Any] = (),
) -> pl.DataFrame:
    """New versions for the rows that differ from what is known.

    A row that is gone gets a version with null features and `present` false. A new version is always younger
    than the one that it replaces, even where `as_of` has gone back.

    Args:
        known: the newest version of every row; None or other columns: every row counts as changed.
        frame: the rows as they are now, one an id.
        key: the id's column.
        as_of: the moment that the rows describe (UTC).
        created: the moment of writing (UTC).
        again: ids of rows that count as changed in any case; such a row that does not exist is gone.

    Returns:
        The changed rows with `event_timestamp`, `created_timestamp` and `present`.
    """
    now = frame.with_columns(pl.lit(True).alias(PRESENT))
    if known is not None:
        now = _differing(known, now, key, pl.Series(key, again, frame.schema[key]))
    return _stamped(known, now, key, as_of, created)


def new_versions(
    known: pl.DataFrame, frame: pl.DataFrame, ids: pl.Series, as_of: datetime, created: datetime
) -> pl.DataFrame:
    """The same for rows that are all known to differ.

    Args:
        known: id and times of the newest version of every row.
        frame: the rows as they are now, one an id.
        ids: of the rows; those that the frame has no row of are gone.
        as_of: as in `changed_versions`.
        created: as in `changed_versions`.
    """
    key, now = ids.name, frame.with_columns(pl.lit(True).alias(PRESENT))
    return _stamped(known, pl.concat([now, _empty(ids.to_frame(), now, key)]), key, as_of, created)


def _stamped(
    known: pl.DataFrame | None, now: pl.DataFrame, key: str, as_of: datetime, created: datetime
) -> pl.DataFrame:
    features, moment = [name for name in now.columns if name not in (key, PRESENT)], pl.lit(as_of).cast(_TIME)
    if known is not None:
        before = known.select(key, (pl.col(EVENT_TIME) + timedelta(seconds=1)).alias("__least__"))
        moment = pl.when(pl.col("__least__") > moment).then("__least__").otherwise(moment)
        now = now.join(before, on=key, how="left", maintain_order="left")
    stamped = now.with_columns(moment.alias(EVENT_TIME), pl.lit(created).cast(_TIME).alias(CREATED))
    return stamped.select(key, *features, PRESENT, EVENT_TIME, CREATED)


def remembered(versions: pl.DataFrame, key: str, since: datetime) -> pl.DataFrame:
    """The newest version of every row, and replaced ones written at or after `since`, by rising time."""
    ordered = versions.sort(EVENT_TIME, CREATED, key).with_row_index("__place__")
    newest = pl.col("__place__") == pl.col("__place__").max().over(key)
    recent = pl.col(CREATED) >= pl.lit(since).cast(_TIME)
    return ordered.filter(newest | recent).drop("__place__")


def joined(before: pl.DataFrame, changed: pl.DataFrame, key: str) -> pl.DataFrame:
    """Older and new versions in the columns of the new ones.

    A column that is new, or had another type, is null in older versions; if the ids had another type, the
    older versions are of other entities and are dropped.
    """
    same = [name for name, dtype in changed.schema.items() if before.schema.get(name) == dtype]
    if key not in same:
        return changed
    return pl.concat([changed.head(0), before.select(same), changed], how="diagonal")


def _differing(known: pl.DataFrame, now: pl.DataFrame, key: str, again: pl.Series) -> pl.DataFrame:
    values = now.drop(key).columns
    if known.select(key, *(v for v in values if v in known.columns)).schema != now.schema:
        return pl.concat([now, _gone(known, now, key, again)])
    before = known.select(key, *(pl.col(name).alias(f"before:{name}") for name in values))
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"before:{name}")) for name in values)
    joined = now.join(before, on=key, how="left")
    changed = joined.filter(differs | pl.col(key).is_in(again.implode())).select(now.columns)
    return pl.concat([changed, _gone(known, now, key, again)])


def _gone(known: pl.DataFrame, now: pl.DataFrame, key: str, again: pl.Series) -> pl.DataFrame:
    ids = pl.concat([known.filter(pl.col(PRESENT)).select(key), again.to_frame()]).unique(maintain_order=True)
    return _empty(ids, now, key)


def _empty(ids: pl.DataFrame, now: pl.DataFrame, key: str) -> pl.DataFrame:
    """Rows of the ids that are not there now: nothing but the id, and that it is gone."""
    missing = ids.join(now, on=key, how="anti")
    empty = missing.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in now.schema.items() if name not in (key, PRESENT)
    )
    return empty.with_columns(pl.lit(False).alias(PRESENT)).select(now.columns)
