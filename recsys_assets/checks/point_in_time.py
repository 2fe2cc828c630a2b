"""Check of the retrieval model: nothing that it was trained on looks ahead."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from ops_gpu.interactions.utc_days import as_day
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.challenger.fitted.models import (
    challenger_workflow,
    fit_config,
    fitted_anew,
    fitted_workflow,
    retrievers,
)
from recsys_assets.challenger.training.event_rows import event_features, moment_features
from recsys_assets.challenger.training.training_data import training_data
from recsys_assets.challenger.training.workflow_fit import day_statistics, fit_before, unfitted_workflow
from recsys_assets.tables.days.item_days import ItemDays
from recsys_assets.tables.days.training_days import TrainingDays

if TYPE_CHECKING:
    from ops_gpu.features.days.moment_features import MomentFeatures
    from ops_gpu.interactions.events import Events
    from ops_gpu.recommender.day_ranges import Ranges

DESCRIPTION = """Takes a moment inside the log, replaces all events after it by poison, and builds training rows and
candidates again: with the state as of that moment every row up to it must be identical. And poisons the days that the
challenger is judged by, fits its workflow again, and demands that no feature of a user or item changes. Fails when
anything looks ahead, which would make models look better offline than they are; and where there is no row to
compare."""


def point_in_time(blueprint: Blueprint) -> dg.AssetChecksDefinition:
    """Defines the check."""

    @dg.asset_check(
        asset=blueprint.key("retrieval_model"),
        name="point_in_time",
        description=DESCRIPTION,
        blocking=True,
        additional_deps=[blueprint.key("statistics")],
    )
    def check() -> dg.AssetCheckResult:
        from ops_gpu.evaluation.event_rows_in_time import check_event_features
        from ops_gpu.evaluation.point_in_time import check_point_in_time

        ranges, config = DayRanges.load(blueprint).ranges, fit_config(blueprint)
        data = training_data(blueprint, challenger_workflow(blueprint))
        moment = _moment(data.events, ranges, int(config.ranking.horizon_days))
        with tempfile.TemporaryDirectory() as place:
            taught = _taught(blueprint, moment, Path(place, "lists"))
            report = check_point_in_time(data, retrievers(blueprint, "early"), config, moment, taught)
            count = partial(day_statistics(blueprint).of_events, fitted_workflow(blueprint))
            events = check_event_features(event_features(blueprint), moment, Path(place, "events"), count=count)
        learned = _learned_ahead(blueprint, ranges)
        found = dict.fromkeys([*events.changed, *report.changed])
        changed = ", ".join([*found, *(f"{name} (as the workflow was fitted)" for name in learned)])
        rows = f"{events.rows + report.rows:,} rows up to {as_day(moment)}, {report.poisoned:,} later events poisoned"
        compared = min(events.rows, events.poisoned, report.rows, report.poisoned) > 0
        said = f"{changed} look ahead" if changed else "nothing changed" if compared else "nothing to compare"
        return dg.AssetCheckResult(
            passed=compared and not changed,
            description=f"{rows}: {said}.",
            metadata={"rows": events.rows + report.rows, "poisoned": report.poisoned, "changed": changed or "nothing"},
        )

    return check


def _taught(blueprint: Blueprint, moment: int, folder: Path) -> "tuple[MomentFeatures, MomentFeatures] | None":
    """What labels, counts and groups taught of users and items, and would have with poison after a moment."""
    from ops_gpu.evaluation.poisoned_days import PoisonedDays

    workflow = challenger_workflow(blueprint)
    real = moment_features(blueprint, workflow)
    if real is None:
        return None
    poison = PoisonedDays.of(ItemDays(blueprint).past(), moment, folder)
    return real, poison.moments(real, partial(day_statistics(blueprint).of_events, workflow))


def _moment(events: "Events", ranges: "Ranges", horizon_days: int) -> int:
    """Just after an event, some days before the judged ones: there are rows to compare, whatever days are empty."""
    from ops_gpu.interactions.events import DAY

    back = min(horizon_days, (ranges.fit_end - ranges.start) // DAY // 2)
    return int(events.before(max(ranges.fit_end - back * DAY, ranges.start + 1)).time[-1]) + 1


def _learned_ahead(blueprint: Blueprint, ranges: "Ranges") -> list[str]:
    """Features that the challenger's workflow would give otherwise, had the judged days been others.

    One that was fitted anew is fitted from nothing here too, so that the order of its codes counts as well; one that
    was appended to keeps the codes that it has.
    """
    from ops_gpu.evaluation.point_in_time import changed_features

    statistics, fitted = day_statistics(blueprint), challenger_workflow(blueprint)
    days = TrainingDays.of(statistics).poisoned(ranges.fit_end)
    fresh = unfitted_workflow(blueprint, statistics.users, statistics.items)
    start = fresh if fitted_anew(blueprint) else challenger_workflow(blueprint)
    again = fit_before(days, start, ranges.fit_end)
    return changed_features(fitted, again, statistics.users, statistics.items)
