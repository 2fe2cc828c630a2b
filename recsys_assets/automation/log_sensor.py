"""Sensor on the raw log: a new or changed file starts one run of the whole chain for its days."""

from __future__ import annotations

import dagster as dg

from ops_gpu.logs import LogError
from recsys_assets.automation.active_runs import active_run
from recsys_assets.automation.asked_for import AskedFor
from recsys_assets.automation.raw_observations import changed
from recsys_assets.automation.run_request import run_request
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.tables.source_files import SourceFiles

DESCRIPTION = """Looks at the raw files of {name}. Days whose events are others than those that were read are
materialized, with everything below them up to the deployment, in one run; days between them are read again too. A
changed users or items file does the same for the newest day. While a run of this recommender is going it waits, and for
files written to less than {rest:g} seconds ago (`schedule.rest_seconds`). A file that cannot be read fails the run of
the day in its name, and of no other (where it names none, of every day); what was live stays live. What was asked for
once is not asked for again until its files are others; the nightly schedule does. What it finds is noted as an
observation of the raw files' assets, whenever their content is another."""


def log_sensor(blueprint: Blueprint) -> dg.SensorDefinition:
    """Defines the sensor of a recommender."""
    rest = blueprint.settings.schedule.rest_seconds

    @dg.sensor(
        name=f"{blueprint.identifier}_logs",
        description=DESCRIPTION.format(name=blueprint.name, rest=rest),
        target=blueprint.selection,
        minimum_interval_seconds=10,
        default_status=dg.DefaultSensorStatus.RUNNING,
        tags={"recommender": blueprint.name},
    )
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        going = active_run(context.instance, blueprint)
        if going:
            return dg.SkipReason(f"{going} of {blueprint.name} is still going; looks again afterwards")
        try:
            found = SourceFiles.look(blueprint)
        except LogError as error:
            return dg.SkipReason(str(error))
        return _evaluate(context, blueprint, found)

    return look


def _evaluate(context: dg.SensorEvaluationContext, blueprint: Blueprint, found: SourceFiles) -> dg.SensorResult:
    rest = blueprint.settings.schedule.rest_seconds
    days, asked = AskedFor.of_cursor(context.cursor).next(found, rest)
    seen = changed(found, context.instance)
    if days:
        key = f"{asked.serial}-{found.state(days[-1])}"
        request = run_request(blueprint, days[0], days[-1], run_key=key)
        return dg.SensorResult([request], cursor=asked.to_cursor(), asset_events=seen)
    due = found.days()
    busy = [path for path, entry in found.restless(rest).items() if not set(due).isdisjoint(entry.days)]
    reasons = [f"files of the log written to less than {rest:g} s ago: {len(busy)}"] if busy else []
    broken = [path for path in found.broken if path not in found.restless(rest)]
    if broken:
        reasons.append(f"files of the log that cannot be read: {len(broken)} ({broken[0]}); see why their run failed")
    if due and not busy:
        reasons.append(f"days asked for and not read, from {due[0]} on: {len(due)}; see why their run failed")
    reason = "; ".join([*(reasons or [f"no change in {found}"]), *found.waiting()])
    return dg.SensorResult(skip_reason=reason, cursor=asked.to_cursor(), asset_events=seen)
