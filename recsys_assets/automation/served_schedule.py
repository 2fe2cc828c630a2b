"""Schedule that keeps what was served, once a day is over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import dagster as dg

from recsys_assets.automation.active_runs import active_run
from recsys_assets.blueprint.asset_names import SERVED
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.served_log import ServedLog

DESCRIPTION = """Keeps the decisions of the day (UTC) that is over, and of every earlier one of which the log has more
than was kept, before the log deletes them. A run for each day. Skips when there is nothing to keep."""


def served_schedule(blueprint: Blueprint, cron: str) -> dg.ScheduleDefinition:
    """Defines the schedule.

    Args:
        blueprint: the recommender.
        cron: when, in UTC.
    """

    @dg.schedule(
        name=f"{blueprint.identifier}_served",
        cron_schedule=cron,
        execution_timezone="UTC",
        description=DESCRIPTION,
        target=dg.AssetSelection.assets(blueprint.key(SERVED)),
        default_status=dg.DefaultScheduleStatus.RUNNING,
        tags={"recommender": blueprint.name},
    )
    def evaluate(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        going = active_run(context.instance, blueprint, served=True)
        if going:
            return dg.SkipReason(f"{going} keeps what {blueprint.name} served already")
        now = context.scheduled_execution_time.astimezone(UTC)
        yesterday = now.date() - timedelta(days=1)
        days = days_to_keep(context.instance, blueprint, yesterday)
        if not days:
            return dg.SkipReason(
                f"everything that {blueprint.name} served until {yesterday} is kept, or it was never asked"
            )
        return [_request(blueprint, day, now) for day in days]

    return evaluate


def days_to_keep(instance: dg.DagsterInstance, blueprint: Blueprint, last: date) -> list[date]:
    """Days up to `last` that the log has and that were never materialized, or have grown since.

    The last one is among them where nobody asked on it too: that it was so is worth knowing.
    """
    log = ServedLog(blueprint.name, blueprint.home)
    if not log.logged:
        return []
    done = instance.get_materialized_partitions(blueprint.key(SERVED))
    days = sorted({*(day for day in log.logged if day < last), last})
    there = [day for day in days if blueprint.served_days.has_partition_key(str(day))]
    return [day for day in there if str(day) not in done or log.is_behind(day)]


def _request(blueprint: Blueprint, day: date, now: datetime) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"{day}, asked for at {now:%Y-%m-%dT%H:%M}",  # a run that failed is asked for again the next time
        partition_key=str(day),
        asset_selection=[blueprint.key(SERVED)],
        tags={"recommender": blueprint.name},
    )
