"""Checks of models and releases: what must hold before anything goes live."""

from __future__ import annotations

import dagster as dg

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.model_families import dense_models
from recsys_assets.checks.answers import answers_like_its_parts
from recsys_assets.checks.better_than_popularity import better_than_popularity
from recsys_assets.checks.not_worse_than_live import not_worse_than_live
from recsys_assets.checks.online_parity import online_parity
from recsys_assets.checks.point_in_time import point_in_time
from recsys_assets.checks.recall import index_recall_of_challenger, index_recall_of_release


def model_checks(blueprint: Blueprint) -> list[dg.AssetChecksDefinition]:
    """The checks of features, models and release."""
    checks = [
        point_in_time(blueprint),
        online_parity(blueprint),
        better_than_popularity(blueprint),
        not_worse_than_live(blueprint),
        answers_like_its_parts(blueprint),
    ]
    indexed = [index_recall_of_challenger(blueprint), index_recall_of_release(blueprint)]
    return [*checks, *indexed] if dense_models(blueprint.settings) else checks
