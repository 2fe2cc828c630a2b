"""Canonical tables straight from the raw logs, for whoever must not touch what the assets wrote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import polars as pl

from ops_gpu.logs import EntityTable, read_interactions, read_items, read_users
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.log_days import LogDays
from recsys_assets.blueprint.read_days import ReadDays
from recsys_assets.tables.changed_days import ChangedDays
from recsys_assets.tables.id_types import decided_id_types
from recsys_assets.tables.kept_entities import with_kept
from recsys_assets.tables.kept_rows import FILE, kept_rows, of_day
from recsys_assets.tables.tables import without_filters


def raw_tables(
    blueprint: Blueprint, first: date, last: date, before: date | None = None
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Interactions of these days, users and items, the latter with what models read.

    Args:
        blueprint: the recommender.
        first: first day.
        last: last day, included.
        before: what tables derive from interactions is derived from those before this day.

    Raises:
        LogError: when a file cannot be read.
    """
    settings, place = blueprint.settings, blueprint.place
    ids = decided_id_types(blueprint)[0]  # a row that came since must not change what an id is, here either
    days, log = [first + timedelta(days=number) for number in range((last - first).days + 1)], blueprint.log_days()
    events = read_interactions(settings.interactions, place, ids, days, log.files, log.bounds, named=True).frame
    events = _with_kept(events, days, blueprint, log).drop(FILE)
    users = read_users(settings.users, settings.interactions, place, ids, before, log.bounds).frame
    items = read_items(settings.items, settings.interactions, place, ids, before, log.bounds).frame
    if settings.users:
        users = without_filters(users, settings.users)
    if settings.items:
        items = without_filters(items, settings.items)
    past = events if before is None else events.filter(pl.col("timestamp") < datetime.combine(before, time.min))
    home, name = blueprint.home, blueprint.name
    users = with_kept(users, past["user_id"].unique(), home.users(name), settings.users or EntityTable())
    items = with_kept(items, past["item_id"].unique(), home.items(name), settings.items or EntityTable())
    return events, users, items


def _with_kept(events: pl.DataFrame, days: Sequence[date], blueprint: Blueprint, log: LogDays) -> pl.DataFrame:
    """The events with those that the assets have kept, whose files are gone."""
    read = ReadDays.of_before(blueprint.home, blueprint.name, log.files, blueprint.place)
    changes = ChangedDays(log, read, blueprint.place)
    if blueprint.settings.quality.missing_files == "drop":
        return events
    parts = [events]
    for day in set(days) & set(changes.gone_days()):
        path = blueprint.home.interactions(blueprint.name, day)
        parts.append(kept_rows(path, changes.gone(day), of_day(events, day)))
    return pl.concat(parts).sort("timestamp", maintain_order=True)
