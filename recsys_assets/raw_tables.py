"""Canonical tables straight from the raw logs, for whoever must not touch what the assets wrote."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from ops_gpu.logs import decide_id_types, read_interactions, read_items, read_users
from recsys_assets.blueprint import Blueprint
from recsys_assets.canonical import without_filters


def raw_tables(
    plan: Blueprint, first: date, last: date, before: date | None = None
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Interactions of these days, users and items, the latter with what models read.

    Args:
        plan: the recommender.
        first: first day.
        last: last day, included.
        before: what tables derive from interactions is derived from those before this day.

    Raises:
        LogError: when a file cannot be read.
    """
    settings, place = plan.settings, plan.place
    ids = decide_id_types(settings.interactions, place, settings.users, settings.items)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    events = read_interactions(settings.interactions, place, ids, days, plan.log_days().files).frame
    users = read_users(settings.users, settings.interactions, place, ids, before).frame
    items = read_items(settings.items, settings.interactions, place, ids, before).frame
    if settings.users:
        users = without_filters(users, settings.users)
    if settings.items:
        items = without_filters(items, settings.items)
    return events, users, items
