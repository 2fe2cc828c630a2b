"""What makes the rows of `features`, of a recommender as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.models import fit_config, fitted_workflow
from recsys_assets.tables.days.item_days import ItemDays
from recsys_assets.tables.tables import items_frame, users_frame

if TYPE_CHECKING:
    from ops_gpu.features.event_features import EventFeatures


def event_features(blueprint: Blueprint) -> EventFeatures:
    """Makes rows with the workflow over all days and the users and items that there are.

    Raises:
        ValueError: when a feature cannot be read by models, or days are not counted.
        FileNotFoundError: before the first day.
    """
    from ops_gpu.features.event_features import EventFeatures
    from ops_gpu.features.training_data import entity_table

    workflow = fitted_workflow(blueprint)
    users, _ = entity_table(users_frame(blueprint), "user_id", workflow)
    items, _ = entity_table(items_frame(blueprint), "item_id", workflow)
    length = fit_config(blueprint).history_length
    return EventFeatures(ItemDays(blueprint).past(), users, items, workflow, length)
