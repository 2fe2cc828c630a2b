"""Asset `item_state`: what each day teaches of every item, in small frames that merge."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint, as_days
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.metadata.tables import table
from recsys_assets.tables.data_version import hash_files
from recsys_assets.tables.days.item_days import ItemDays
from recsys_assets.tables.tables import require_events
from resources.compute import ComputeResource

if TYPE_CHECKING:
    from ops_gpu.interactions.days.item_count_files import CountedDay

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
        code=["ops_gpu.interactions.days.item_count_files", "ops_gpu.interactions.days.past_days"],
        settings={"snapshot": blueprint.settings.candidates.snapshot},
        condition=condition,
        days=blueprint.partitions,
    )
    def count(context: dg.AssetExecutionContext, compute: ComputeResource) -> dg.MaterializeResult[Any]:
        days, item_days = as_days(context.partition_keys), ItemDays(blueprint)
        with user_errors(ValueError):
            require_events(blueprint, days)
        others = [day for day in item_days.stale() if day not in days]
        if others:
            context.log.info(f"{len(others)} other days, from {others[0]} on, had no counts like these: counted too.")
        with compute.connect() as engine:
            wanted = [*days, *others]
            _tell(context, blueprint, engine.map(item_days.files(wanted), wanted))
        runs = item_days.past().users_before(max(days) + timedelta(days=1)).runs
        shown: dict[str, Any] = {
            "days": len(days),
            "others_counted": len(others),
            "histories": f"{sum(len(run.item) for run in runs):,} entries in {len(runs)} runs of days",
            "most_liked": dg.MetadataValue.md(_most_liked(item_days.path(days[-1]))),
        }
        version = hash_files(item_days.path(day) for day in days)
        return dg.MaterializeResult(metadata=shown, data_version=dg.DataVersion(version))

    return count


def _tell(context: dg.AssetExecutionContext, blueprint: Blueprint, counted: "Sequence[CountedDay]") -> None:
    """Tells of each day; other days than those of the run are events of theirs."""
    own, key = set(context.partition_keys), blueprint.key("item_state")
    for day, items, events in counted:
        metadata = {"items": items, "events": events}
        if str(day) in own:
            context.add_asset_metadata(metadata, asset_key=key, partition_key=str(day))
        else:
            context.log_event(dg.AssetMaterialization(key, partition=str(day), metadata=metadata))


def _most_liked(path: Path) -> str:
    """The items of a day with the most positive events."""
    from ops_gpu.interactions.days.item_counts import ItemCounts

    frame = ItemCounts.load(path).frame.sort("liked", "item_id", descending=[True, False]).head(SHOWN)
    return table(["item", "events", "liked"], [list(row) for row in frame.select("item_id", "seen", "liked").rows()])
