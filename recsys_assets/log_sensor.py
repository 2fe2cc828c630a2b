"""Sensor on the raw log: a new or changed file starts one run of the whole chain for its days."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any

import dagster as dg

from ops_gpu.logs import FileDays, LogError
from recsys_assets.blueprint import Blueprint
from recsys_assets.chain_request import chain_request
from recsys_assets.running import running

DESCRIPTION = """Looks at the files of {name}'s raw log. Days of new or changed files are materialized, with
everything below them up to the deployment, in one run; days between them are read again too. While a run
of this recommender is going it waits. Days that were materialized before the sensor first looked are not
asked for again. A file that cannot be read fails the run of the day in its name; what was live stays live."""


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
            found = plan.log_days().files
        except LogError as error:
            return dg.SkipReason(str(error))
        going = running(context.instance, plan.name)
        if going:
            return dg.SkipReason(f"run {going} of {plan.name} is still going; looks again afterwards")
        return _evaluate(context, plan, found)

    return look


def _evaluate(
    context: dg.SensorEvaluationContext, plan: Blueprint, found: Mapping[str, FileDays]
) -> dg.SensorResult | dg.SkipReason:
    seen = json.loads(context.cursor) if context.cursor else _seen_before(context.instance, plan, found)
    changed = {path: entry for path, entry in found.items() if seen.get(path) != entry.fingerprint}
    cursor = json.dumps({path: entry.fingerprint for path, entry in found.items()}, sort_keys=True)
    days = _days(changed, plan)
    if not days:
        context.update_cursor(cursor)
        what = f"{len(changed)} new or changed files hold no day of the partitions" if changed else "no change"
        return dg.SkipReason(f"{what} in {len(found)} files of {plan.settings.interactions.source.path}")
    versions = sorted((path, entry.fingerprint) for path, entry in changed.items())
    key = sha256(repr(versions).encode()).hexdigest()
    return dg.SensorResult([chain_request(plan, days[0], days[-1], run_key=key)], cursor=cursor)


def _seen_before(instance: dg.DagsterInstance, plan: Blueprint, found: Mapping[str, FileDays]) -> dict[str, Any]:
    """Files whose days are all materialized: the sensor's first look must not build everything again."""
    done = instance.get_materialized_partitions(plan.key("interactions"))
    return {
        path: entry.fingerprint
        for path, entry in found.items()
        if not entry.error and entry.days and all(str(day) in done for day in entry.days)
    }


def _days(changed: Mapping[str, FileDays], plan: Blueprint) -> list[date]:
    """Days to materialize, in order. A broken file that names no day fails the newest one."""
    named = {day for entry in changed.values() for day in entry.days}
    days = {day for day in named if plan.partitions.has_partition_key(str(day))}
    if not days and any(entry.error and not entry.days for entry in changed.values()):
        newest = plan.partitions.get_last_partition_key()
        return [date.fromisoformat(newest)] if newest else []
    return sorted(days)
