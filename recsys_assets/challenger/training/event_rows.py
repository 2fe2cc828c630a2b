"""What makes the rows of `features`, of a recommender as it is."""

from __future__ import annotations

import shutil
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.fitted.models import fit_config, fit_id, fitted_workflow
from recsys_assets.challenger.training.workflow_fit import day_statistics, one_level
from recsys_assets.tables.days.day_statistics import DayStatistics
from recsys_assets.tables.days.item_days import ItemDays

if TYPE_CHECKING:
    from ops_gpu.features.event_features import EventFeatures
    from ops_gpu.features.moment_features import MomentFeatures
    from ops_gpu.interactions.days.past_days import PastDays
    from ops_gpu.workflow.statistics import Statistics
    from ops_gpu.workflow.workflow import Workflow


def event_features(blueprint: Blueprint) -> EventFeatures:
    """Makes rows with the workflow over all days and the users and items that there are.

    Raises:
        ValueError: when a feature cannot be read by models, days are not counted, or the schema is of another workflow.
        FileNotFoundError: before the first day.
    """
    from ops_gpu.features.event_features import EventFeatures
    from ops_gpu.features.training_data import entity_table

    workflow, past, statistics = fitted_workflow(blueprint), ItemDays(blueprint).past(), day_statistics(blueprint)
    _require_published(blueprint, workflow)
    users, _ = entity_table(statistics.users, "user_id", workflow)
    items, _ = entity_table(statistics.items, "item_id", workflow)
    moments = _moments(statistics, workflow, past) if workflow.as_of_columns else None
    return EventFeatures(past, users, items, workflow, fit_config(blueprint).history_length, moments)


def _require_published(blueprint: Blueprint, workflow: Workflow) -> None:
    """Refuses to make rows that the published schema does not tell of: whoever reads them goes by it.

    Raises:
        ValueError: when the asset `schema` was not made since, or its file is gone.
    """
    from ops_gpu.schema.schema import Schema

    path = blueprint.home.schema(blueprint.name)
    if not path.exists() or Schema.load(path) != workflow.output_schema:
        raise ValueError(
            f"{blueprint.name}/schema tells of other columns than {blueprint.name}/workflow gives, expected the "
            f"same; materialize {blueprint.name}/schema."
        )


def moment_features(blueprint: Blueprint, workflow: Workflow) -> MomentFeatures | None:
    """Those columns of a workflow that depend on the day; None where there are none.

    Raises:
        ValueError: when days are not counted.
        FileNotFoundError: before the first day.
    """
    if not workflow.as_of_columns:
        return None
    return _moments(day_statistics(blueprint), workflow, ItemDays(blueprint).past())


def _moments(statistics: DayStatistics, workflow: Workflow, past: PastDays) -> MomentFeatures:
    """What labels, counts and groups taught by each day.

    A graph of one level reads the asset `statistics`; of more levels each day is counted here, over the codes that the
    workflow has given out.
    """
    from ops_gpu.features.moment_features import MomentFeatures

    blueprint = statistics.blueprint
    if one_level(workflow):
        days = {day: blueprint.home.statistics(blueprint.name, day) for day in past.events}
        list(statistics.make(workflow, [day for day, path in days.items() if not path.exists()]))
        load = partial(_kept, statistics=statistics, workflow=workflow)
    else:
        days, load = dict(past.events), partial(_counted, statistics=statistics, workflow=workflow)
    folder = blueprint.home.folds(blueprint.name) / "statistics" / fit_id(blueprint)[:16]
    for other in folder.parent.glob("[!.]*"):
        if other != folder:  # of codes that are no more
            shutil.rmtree(other)
    return MomentFeatures.of(workflow, statistics.users, statistics.items, days, load, folder)


def _kept(path: Path, statistics: DayStatistics, workflow: Workflow) -> Statistics:
    [found] = statistics.load(workflow, [date.fromisoformat(path.name)])
    return found


def _counted(path: Path, statistics: DayStatistics, workflow: Workflow) -> Statistics:
    from ops_gpu.interactions.days.past_days import read_day

    return statistics.of_events(workflow, read_day(path))
