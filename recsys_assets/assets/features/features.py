"""Asset `features`: every event with what was known just before it."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint, as_days
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.challenger.fitted.models import fit_config, fit_id
from recsys_assets.challenger.training.event_rows import event_features, require_published
from recsys_assets.metadata.column_notes import event_feature_notes
from recsys_assets.metadata.tables import frame_metadata
from recsys_assets.tables.data_version import hash_files
from recsys_assets.tables.days.feature_plan import CODE, FeaturePlan
from resources.compute import ComputeResource

if TYPE_CHECKING:
    import polars as pl

DESCRIPTION = """Feature rows, point in time: one row an event, with the engineered columns of user and
item, the user's history strictly before the event, and counts (popularity, rates, the user's own) as of the
beginning of its day. Nothing in a row comes from its own moment or later; the check `point_in_time` of
`retrieval_model` proves it. A day's rows are made from its events and from the state that days before it fold to, so
that a day costs a day.

Models learn from these rows, and are judged by them. Other days whose rows are of another past (a day up to them was
read again) or of another fit of the workflow are made along.
"""


def features(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset."""

    @blueprint.asset(
        "features",
        "features",
        DESCRIPTION,
        kinds=["polars", "parquet"],
        after=["interactions", "item_state", "statistics", "users", "items", "workflow", "schema"],
        code=CODE,
        settings={
            "history_length": fit_config(blueprint).history_length,
            "snapshot": blueprint.settings.candidates.snapshot,
        },
        condition=condition,
        days=blueprint.partitions,
    )
    def make(context: dg.AssetExecutionContext, compute: ComputeResource) -> dg.MaterializeResult[Any]:
        days = as_days(context.partition_keys)
        counts: dict[date, int] = {}
        with user_errors(ValueError), compute.connect() as engine:
            plan = FeaturePlan(blueprint, fit_id(blueprint), fit_config(blueprint).history_length)
            never = [day for day in days if day not in plan.keys]
            if never:
                context.log.warning(f"{len(never)} days have no events here, {never[0]} is the first: none were read.")
            days = [day for day in days if day in plan.keys]
            others = [day for day in plan.stale() if day not in days]
            if others:
                context.log.info(f"{len(others)} other days, from {others[0]} on, had no rows of this past: made too.")
            rows_of = event_features(blueprint)
            require_published(blueprint, rows_of.workflow)
            for made in engine.map(plan.files_of(rows_of), rows_of.stretches([*days, *others])):
                counts |= made
            plan.publish()
        for day, rows in counts.items():
            counted = {"dagster/partition_row_count": rows}
            if day in days:
                context.add_asset_metadata(counted, asset_key=blueprint.key("features"), partition_key=str(day))
            else:
                other = dg.AssetMaterialization(blueprint.key("features"), partition=str(day), metadata=counted)
                context.log_event(other)
        version = hash_files([plan.path(day) for day in days])
        notes = event_feature_notes(blueprint.settings.candidates.snapshot.half_lives_days)
        told = {"dagster/row_count": sum(counts.values()), "days": len(days), "others_made": len(others)}
        metadata = frame_metadata(_newest(plan, counts), notes) | told | {"workflow_fit": plan.fit[:12]}
        return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(version))

    return make


def _newest(plan: FeaturePlan, counts: Mapping[date, int]) -> "pl.DataFrame":
    """Rows of the newest day that has some, to be shown."""
    import polars as pl

    day = max((day for day, rows in counts.items() if rows), default=max(plan.keys))
    return pl.read_parquet(plan.path(day), glob=False)
