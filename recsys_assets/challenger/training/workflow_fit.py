"""The two workflows of a chain: the challenger's, which knows nothing of the judged days, and the release's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.feature_graph import feature_graph
from recsys_assets.tables.days.day_statistics import DayStatistics
from recsys_assets.tables.days.training_days import TrainingDays
from recsys_assets.tables.tables import items_frame, users_frame

if TYPE_CHECKING:
    import polars as pl

    from ops_gpu.engines.engine import Engine
    from ops_gpu.workflow.workflow import Workflow


def day_statistics(blueprint: Blueprint, engine: Engine | None = None) -> DayStatistics:
    """The statistics of a recommender's days, over its users and items as they are."""
    return DayStatistics(blueprint, users_frame(blueprint), items_frame(blueprint), engine)


def unfitted_workflow(blueprint: Blueprint, users: pl.DataFrame, items: pl.DataFrame) -> Workflow:
    """The workflow over the columns that users and items have now, before it has learned anything."""
    from ops_gpu.schema.raw_schema import raw_schema
    from ops_gpu.workflow.workflow import Workflow

    schema = raw_schema(users, items)
    return Workflow(feature_graph(blueprint)(schema), schema)


def one_level(workflow: Workflow) -> bool:
    """Whether the workflow can be fitted from the statistics of parts of the data."""
    from ops_gpu.workflow.partition_key import looks_across_rows
    from ops_gpu.workflow.workflow_graph import WorkflowGraph

    return len(WorkflowGraph(workflow.node).levels()) <= 1 and not looks_across_rows(workflow.node)


def fit_before(days: TrainingDays, workflow: Workflow, end: int) -> Workflow:
    """Fits a workflow on the days that are over at `end`; every user and item has a code, later ones too.

    What counts, what labels and what numbers teach is from before `end`; that an id is there at all may be known.
    A workflow that was fitted before keeps its codes and its scales (means, bounds): those of the days before the
    judged ones of its last full fit.

    Args:
        days: all days.
        workflow: not fitted; or one whose codes are to stay.
        end: epoch seconds; the days from here on are those that lists are judged by.

    Returns:
        The workflow.
    """
    from ops_gpu.features.entity_workflow import continue_workflow, fit_workflow, learn

    past, users, items = days.before(end), days.statistics.users, days.statistics.items
    if one_level(workflow):
        return learn(workflow, past.partials(workflow), users, items)
    fit = continue_workflow if workflow.is_fitted else fit_workflow
    return fit(past.events(), users, items, workflow, days.statistics.engine)


def continue_over(days: TrainingDays, workflow: Workflow) -> Workflow:
    """Goes on with a workflow over all days: its codes stay, so that models that know it can go on as well.

    So do its scales.

    Args:
        days: all days.
        workflow: of `fit_before`.

    Returns:
        The workflow.
    """
    from ops_gpu.features.entity_workflow import continue_workflow, learn

    users, items = days.statistics.users, days.statistics.items
    if one_level(workflow):
        return learn(workflow, days.partials(workflow), users, items)
    return continue_workflow(days.events(), users, items, workflow, days.statistics.engine)
