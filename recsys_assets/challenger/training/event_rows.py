"""What makes the rows of `features`, of a recommender as it is."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import suppress
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ops_gpu.interactions.events import DAY
from ops_gpu.primitives.atomic_directory import remove_directory
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.fitted.models import fit_config, fit_id, fitted_workflow, models_fit
from recsys_assets.challenger.training.workflow_fit import day_statistics, one_level
from recsys_assets.tables.data_version import hash_files
from recsys_assets.tables.days.day_statistics import DayStatistics
from recsys_assets.tables.days.item_days import ItemDays

if TYPE_CHECKING:
    from ops_gpu.features.days.event_features import EventFeatures
    from ops_gpu.features.days.moment_features import MomentFeatures
    from ops_gpu.interactions.days.past_days import PastDays
    from ops_gpu.workflow.statistics import Statistics
    from ops_gpu.workflow.workflow import Workflow


def event_features(blueprint: Blueprint) -> EventFeatures:
    """Makes rows with the workflow over all days and the users and items that there are.

    Raises:
        ValueError: when a feature cannot be read by models, or days are not counted.
        FileNotFoundError: before the first day.
    """
    from ops_gpu.features.days.event_features import EventFeatures
    from ops_gpu.features.training_data import entity_table

    workflow, past, statistics = fitted_workflow(blueprint), ItemDays(blueprint).past(), day_statistics(blueprint)
    users, _ = entity_table(statistics.users, "user_id", workflow)
    items, _ = entity_table(statistics.items, "item_id", workflow)
    moments = _moments(statistics, workflow, past, fit_id(blueprint)) if workflow.as_of_columns else None
    return EventFeatures(past, users, items, workflow, fit_config(blueprint).history_length, moments)


def require_published(blueprint: Blueprint, workflow: Workflow) -> None:
    """Refuses to publish rows that the published schema does not tell of: whoever reads them goes by it.

    Args:
        blueprint: the recommender.
        workflow: that rows are made with.

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
    """Those columns of the retrieval models' workflow that depend on the day; None where there are none.

    Raises:
        ValueError: when days are not counted.
        FileNotFoundError: before the first day.
    """
    if not workflow.as_of_columns:
        return None
    return _moments(day_statistics(blueprint), workflow, ItemDays(blueprint).past(), models_fit(blueprint))


def _moments(statistics: DayStatistics, workflow: Workflow, past: PastDays, fit: str) -> MomentFeatures:
    """What labels, counts and groups taught by each day.

    A graph of one level reads the asset `statistics`, folded and kept. Of more levels each day is counted here, over
    what the levels below have learned by now: what was folded for another state of them is of no use.
    """
    from ops_gpu.features.days.moment_features import MomentFeatures

    blueprint, tables = statistics.blueprint, (statistics.users, statistics.items)
    if one_level(workflow):
        days, kept = {day: blueprint.home.statistics(blueprint.name, day) for day in past.events}, fit
        deque(statistics.make(workflow, statistics.stale(days)), maxlen=0)
        load = partial(_kept, statistics=statistics, workflow=workflow)
    else:
        files = [blueprint.home.users(blueprint.name), blueprint.home.items(blueprint.name)]
        days, kept = dict(past.events), f"{fit} {workflow.hash()} {hash_files(files)}"
        load = partial(_counted, statistics=statistics, workflow=workflow)
    folder = blueprint.home.folds(blueprint.name) / "statistics" / sha256(kept.encode()).hexdigest()[:16]
    _forget_others(folder)
    return MomentFeatures.of(workflow, *tables, days, load, folder)


def _forget_others(folder: Path) -> None:
    """Removes folds of other codes that nobody has used for a day."""
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    for other in folder.parent.glob("[!.]*"):
        with suppress(FileNotFoundError):  # another process was quicker
            if other != folder and time.time() - other.stat().st_mtime > DAY:
                remove_directory(other)


def _kept(path: Path, statistics: DayStatistics, workflow: Workflow) -> Statistics:
    [found] = statistics.load(workflow, [date.fromisoformat(path.name)])
    return found


def _counted(path: Path, statistics: DayStatistics, workflow: Workflow) -> Statistics:
    from ops_gpu.interactions.days.past_days import read_day

    return statistics.of_events(workflow, read_day(path))
