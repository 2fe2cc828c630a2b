"""Sensor on the raw log: a new or changed file starts one run of the whole chain for its days."""

from __future__ import annotations

import dagster as dg

from ops_gpu.logs import LogError
from recsys_assets.blueprint import Blueprint
from recsys_assets.chain_request import chain_request
from recsys_assets.running import running
from recsys_assets.source_files import SourceFiles
from recsys_assets.takeable import takeable

DESCRIPTION = """Looks at the raw files of {name}. Days of new or changed log files are materialized, with
everything below them up to the deployment, in one run; days between them are read again too. A changed users or
items file does the same for the newest day. While a run of this recommender is going it waits. Days that were
materialized before the sensor first looked are not asked for again. A file that cannot be read fails the run of
the day in its name, which comes after those of the good days; what was live stays live."""


def log_sensor(plan: Blueprint) -> dg.SensorDefinition:
    """Defines the sensor of a recommender."""

    @dg.sensor(
        name=f"{plan.identifier}_logs",
        description=DESCRIPTION.format(name=plan.name),
        target=plan.selection,
        minimum_interval_seconds=10,
        default_status=dg.DefaultSensorStatus.RUNNING,
        tags={"recommender": plan.name},
    )
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            found = SourceFiles.look(plan)
        except LogError as error:
            return dg.SkipReason(str(error))
        going = running(context.instance, plan)
        if going:
            return dg.SkipReason(f"{going} of {plan.name} is still going; looks again afterwards")
        return _evaluate(context, plan, found)

    return look


def _evaluate(
    context: dg.SensorEvaluationContext, plan: Blueprint, found: SourceFiles
) -> dg.SensorResult | dg.SkipReason:
    if context.cursor:
        seen = SourceFiles.of_cursor(context.cursor, plan)
    else:
        seen = found.materialized(context.instance.get_materialized_partitions(plan.key("interactions")))
    found = takeable(found, seen)
    days, cursor = found.days_to_read(seen, plan.partitions), found.to_cursor()
    if not days:
        context.update_cursor(cursor)
        return dg.SkipReason(f"no change in {found}")
    return dg.SensorResult([chain_request(plan, days[0], days[-1], run_key=found.difference(seen))], cursor=cursor)
