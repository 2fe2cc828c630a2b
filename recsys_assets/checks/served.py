"""Check of what was served: whether too many lists were degraded or empty."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from recsys_assets.blueprint.asset_names import SERVED
from recsys_assets.blueprint.blueprint import Blueprint, as_days
from recsys_assets.blueprint.served_log import ServedLog
from recsys_assets.metadata.tables import rounded

if TYPE_CHECKING:
    from serving.decisions.served_summary import ServedSummary

WHOLE = """At most {share:.0%} of the day's lists are degraded (made without what is stored of the user, which could not
be read) or empty (`quality.max_degraded_share`); of several days the worst one. Warns and keeps nothing back: the
lists were given long ago, but whoever runs the feature store or wrote the filters should know."""


def served_checks(blueprint: Blueprint) -> list[dg.AssetChecksDefinition]:
    """The check of `served_requests`."""
    limit = blueprint.settings.quality.max_degraded_share

    @dg.asset_check(
        asset=blueprint.key(SERVED),
        name="served_whole",
        description=WHOLE.format(share=limit),
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        from serving.decisions.served_day import ServedDay
        from serving.decisions.served_summary import ServedSummary

        found: dict[date, ServedSummary] = {}
        for day in _days(context, blueprint):
            served = ServedDay.load(blueprint.home.served(blueprint.name, day))
            found[day] = ServedSummary.of(served.decisions, served.bits)
        day, worst = max(found.items(), key=lambda one: one[1].share(one[1].degraded_or_empty))
        share = worst.share(worst.degraded_or_empty)
        return dg.AssetCheckResult(
            passed=share <= limit,
            severity=dg.AssetCheckSeverity.WARN,
            description=_sentence(day, worst, limit),
            metadata={"share": rounded(share), "degraded": worst.degraded, "empty": worst.empty},
        )

    return [check]


def _days(context: dg.AssetCheckExecutionContext, blueprint: Blueprint) -> list[date]:
    """The days of the run; the newest that is kept where the check runs by itself."""
    if context.has_partition_key or context.has_partition_key_range:
        return as_days(context.partition_keys)
    kept = ServedLog(blueprint.name, blueprint.home).kept
    if not kept:
        raise dg.Failure(
            f"No day is kept in {blueprint.home.served_folder(blueprint.name)}; materialize {blueprint.name}/{SERVED}."
        )
    return kept[-1:]


def _sentence(day: date, found: "ServedSummary", limit: float) -> str:
    if not found.recorded:
        return f"Nobody was given a list on {day}."
    share = found.share(found.degraded_or_empty)
    said = (
        f"{found.degraded_or_empty:,} of the {found.recorded:,} lists of {day} ({share:.1%}) are degraded or empty "
        f"({found.degraded:,} degraded, {found.empty:,} empty), expected at most {limit:.0%}"
    )
    if share <= limit:
        return f"{said}."
    return f"{said}; look whether the feature store answered, and at what removed candidates."
