"""Asset `item_state`: what each day teaches of every item, in small frames that merge."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint, as_days
from recsys_assets.metadata.tables import table
from recsys_assets.tables.data_version import hash_files
from recsys_assets.tables.days.item_days import ItemDays

if TYPE_CHECKING:
    from ops_gpu.interactions.days.item_counts import ItemCounts

DESCRIPTION = """Counts of each day by item: events, positive ones, the first and the last, and positive ones that lose
half of their weight in every half-life.

The state at the beginning of any day is a fold of the days before it. Stretches of 8, 64 and 512 days are folded once
and kept, histories of users among them, so that no state is made from the whole log: a corrected day folds again what
holds it. Other days whose counts are of other events or half-lives, or which an older version left without, are counted
along.
"""
SHOWN = 10


def item_state(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset."""

    @blueprint.asset(
        "item_state",
        "features",
        DESCRIPTION,
        kinds=["polars", "parquet"],
        after=["interactions"],
        code=["ops_gpu.interactions.days.item_counts", "ops_gpu.interactions.days.past_days"],
        settings={"snapshot": blueprint.settings.candidates.snapshot},
        condition=condition,
        days=blueprint.partitions,
    )
    def count(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        days, item_days = as_days(context.partition_keys), ItemDays(blueprint)
        last = _made(context, item_days, days)
        others = [day for day in item_days.stale() if day not in days]
        if others:
            context.log.info(f"{len(others)} other days, from {others[0]} on, had no counts like these: counted too.")
            _made(context, item_days, others)
        runs = item_days.past().users_before(max(days) + timedelta(days=1)).runs
        shown: dict[str, Any] = {
            "days": len(days),
            "others_counted": len(others),
            "histories": f"{sum(len(run.item) for run in runs):,} entries in {len(runs)} runs of days",
            "most_liked": dg.MetadataValue.md(_most_liked(last.frame.sort("liked", descending=True).head(SHOWN))),
        }
        version = hash_files(item_days.path(day) for day in days)
        return dg.MaterializeResult(metadata=shown, data_version=dg.DataVersion(version))

    return count


def _made(context: dg.AssetExecutionContext, item_days: ItemDays, days: list[date]) -> "ItemCounts":
    """Counts days, tells of each, and returns the last one's; other days than those of the run are events of theirs."""
    own, key = set(context.partition_keys), item_days.blueprint.key("item_state")
    for day, counts in item_days.make(days):
        metadata = {"items": counts.frame.height, "events": int(counts.frame["seen"].sum())}
        if str(day) in own:
            context.add_asset_metadata(metadata, asset_key=key, partition_key=str(day))
        else:
            context.log_event(dg.AssetMaterialization(key, partition=str(day), metadata=metadata))
    return counts


def _most_liked(frame: Any) -> str:
    """The items of the last day with the most positive events."""
    return table(["item", "events", "liked"], [list(row) for row in frame.select("item_id", "seen", "liked").rows()])
