"""Schedules: what is taken in every night, fitted anew every week, and kept when a day is over."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg

from ops_gpu.logs import LogError
from recsys_assets.automation.active_runs import active_run
from recsys_assets.automation.asked_for import AskedFor
from recsys_assets.automation.run_request import run_request
from recsys_assets.automation.served_schedule import served_schedule
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.tables.source_files import SourceFiles

NIGHTLY = """Takes in the days of {name}'s raw log that no run has read as they are now: the net under the sensor. Skips
when there are none, or while a run of this recommender is going."""
REFIT = """Fits everything of {name} anew over all days: vocabularies by today's frequencies, statistics,
models. Between two refits ids never move and models are continued. Its release passes the same checks."""
Decision = dg.RunRequest | dg.SkipReason


def schedules(blueprint: Blueprint) -> list[dg.ScheduleDefinition]:
    """The schedules that the YAML leaves on."""
    times = blueprint.settings.schedule
    found = []
    if times.nightly:
        found.append(_schedule("nightly", times.nightly, NIGHTLY, blueprint, _new_days))
    if times.refit:
        found.append(_schedule("refit", times.refit, REFIT, blueprint, _all_days))
    if times.served:
        found.append(served_schedule(blueprint, times.served))
    return found


def _schedule(
    kind: str,
    cron: str,
    description: str,
    blueprint: Blueprint,
    decide: Callable[[Blueprint], Decision],
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{blueprint.identifier}_{kind}",
        cron_schedule=cron,
        execution_timezone=blueprint.settings.schedule.timezone,
        description=description.format(name=blueprint.name),
        target=blueprint.selection,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        tags={"recommender": blueprint.name},
    )
    def evaluate(context: dg.ScheduleEvaluationContext) -> Decision:
        going = active_run(context.instance, blueprint)
        if going:
            return dg.SkipReason(f"{going} of {blueprint.name} is still going")
        try:
            return decide(blueprint)
        except LogError as error:
            return dg.SkipReason(str(error))

    return evaluate


def _new_days(blueprint: Blueprint) -> Decision:
    files = SourceFiles.look(blueprint)
    new, _ = AskedFor().next(files, rest_seconds=0)  # whatever the sensor has asked for
    if new:
        return run_request(blueprint, new[0], new[-1])
    reasons = [] if files.days() else [f"every day of {files} was read already"]
    return dg.SkipReason("; ".join([*reasons, *files.waiting()]))


def _all_days(blueprint: Blueprint) -> Decision:
    return run_request(blueprint, *blueprint.span(), refit=True)
