"""What models learn from and are judged by: feature rows, users and items, as one workflow codes them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.fitted.models import (
    challenger_workflow,
    fit_config,
    fit_id,
    fitted_workflow,
    ranker,
    retrievers,
)
from recsys_assets.tables.days.feature_days import FeatureDays
from recsys_assets.tables.tables import items_frame, users_frame

if TYPE_CHECKING:
    from ops_gpu.evaluation.comparison import Contender
    from ops_gpu.features.training_data import TrainingData
    from ops_gpu.workflow.workflow import Workflow

TRAINING_DATA = ("features", "users", "items", "workflow")
"""Assets that it is read from."""
TRAINING_CODE = ("ops_gpu.features.days.encoded_days", "ops_gpu.models.training.parquet_rows")
"""Modules that read it."""


def training_data(blueprint: Blueprint, workflow: Workflow) -> TrainingData:
    """All feature rows and both tables.

    Where the workflow is the one that gave the rows their codes, or what that one went on from, models learn from the
    rows themselves, and so from what was known on the day of each. A release of another fit is only judged, on who did
    what.

    Args:
        blueprint: the recommender.
        workflow: whose codes the models know.

    Raises:
        ValueError: when a day's rows are missing, or of another fit.
    """
    from ops_gpu.features.days.encoded_days import EncodedDays
    from ops_gpu.features.training_data import TrainingData
    from ops_gpu.models.training.parquet_rows import ParquetRows

    made_by, length = fitted_workflow(blueprint), fit_config(blueprint).history_length
    days = EncodedDays(feature_days(blueprint).files(), made_by)
    tables = users_frame(blueprint), items_frame(blueprint)
    data = TrainingData.of(days.events(workflow), *tables, workflow, length)
    if not days.fits(workflow):
        return data
    schema = data.user_schema + data.item_schema
    return replace(data, rows=ParquetRows.of(days.files, schema, data.items.size, made_by.output_schema))


def feature_days(blueprint: Blueprint) -> FeatureDays:
    """The feature rows of days, as they were made last.

    Raises:
        ValueError: when the asset `workflow` was cut off.
    """
    return FeatureDays(blueprint, fit_id(blueprint))


def challenger(blueprint: Blueprint) -> Contender:
    """The models as they stand before the judged days, with the data as they see it."""
    from ops_gpu.evaluation.comparison import Contender

    workflow = challenger_workflow(blueprint)
    models = retrievers(blueprint, "model"), ranker(blueprint)
    return Contender(training_data(blueprint, workflow), workflow, *models, fit_config(blueprint))
