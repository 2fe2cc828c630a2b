"""Asset `statistics`: what each day teaches the feature workflow, in small frames that merge."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from typing import TYPE_CHECKING, Any

import dagster as dg

from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint, as_days
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.challenger.training.workflow_fit import day_statistics, one_level, unfitted_workflow
from recsys_assets.metadata.tables import table
from recsys_assets.tables.data_version import hash_files
from recsys_assets.tables.days.day_statistics import CODE, statistics_settings
from recsys_assets.tables.tables import require_events
from resources.compute import ComputeResource

if TYPE_CHECKING:
    from ops_gpu.workflow.statistics import Statistics

DESCRIPTION = """Sufficient statistics of each day: counts of ids and categories, sums of numbers.

A day is read once; the workflow is then fitted by merging the statistics of all days, in any order, without
reading old events again. Days whose statistics are of other columns or code are counted again by whoever reads them. A
graph that learns in several levels (an operator that learns from what another one has learned) cannot be fitted from
days; then there are none, and the workflow reads all events itself.
"""


def statistics(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset."""

    @blueprint.asset(
        "statistics",
        "features",
        DESCRIPTION,
        kinds=["polars", "parquet"],
        after=["interactions", "users", "items"],
        code=CODE,
        settings=statistics_settings(blueprint),
        condition=condition,
        days=blueprint.partitions,
    )
    def count(context: dg.AssetExecutionContext, compute: ComputeResource) -> dg.MaterializeResult[Any]:
        days = as_days(context.partition_keys)
        with user_errors(ValueError):
            require_events(blueprint, days)
        with compute.connect() as engine:
            made = day_statistics(blueprint, engine)
            workflow, last = unfitted_workflow(blueprint, made.users, made.items), None
            if not one_level(workflow):
                return dg.MaterializeResult(metadata={"learned": "nothing: the graph learns in several levels"})
            for day, last in made.make(workflow, days):
                metadata = {"values": _distinct(last)}
                context.add_asset_metadata(metadata, asset_key=blueprint.key("statistics"), partition_key=str(day))
        assert last is not None  # a run has days
        version = hash_files(blueprint.home.statistics(blueprint.name, day) for day in days)
        shown: dict[str, Any] = {"days": len(days), "learned": dg.MetadataValue.md(_summary(last))}
        return dg.MaterializeResult(metadata=shown, data_version=dg.DataVersion(version))

    return count


def _distinct(found: "Statistics") -> int:
    return sum(frame.height for units in found.tables.values() for frame in units.values())


def _summary(found: "Statistics") -> str:
    """What the last day's statistics hold, by operator and column."""
    rows = [
        [str(found.operators[node]), unit, frame.height]
        for node, units in found.tables.items()
        for unit, frame in units.items()
    ]
    return table(["operator", "column or group", "rows"], rows)
