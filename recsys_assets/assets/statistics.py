"""Asset `statistics`: what each day teaches the feature workflow, in small frames that merge."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from recsys_assets.automation import Condition
from recsys_assets.blueprint import Blueprint, as_days
from recsys_assets.canonical import items_frame, read_events, users_frame
from recsys_assets.content_hash import content_hash
from recsys_assets.feature_graph import feature_graph, graph_source
from recsys_assets.metadata.tables import table
from resources.compute import ComputeResource

if TYPE_CHECKING:
    from ops_gpu.statistics import Statistics
    from ops_gpu.workflow import Workflow

DESCRIPTION = """Sufficient statistics of each day: counts of ids and categories, sums of numbers.

A day is read once; the workflow is then fitted by merging the statistics of all days, in any order, without
reading old events again. A graph that learns in several levels (an operator that learns from what another one
has learned) cannot be fitted from days; then there are none, and the workflow reads all events itself.
"""


def statistics(plan: Blueprint, condition: Condition) -> dg.AssetsDefinition:
    """Defines the asset."""

    @plan.asset(
        "statistics",
        "features",
        DESCRIPTION,
        kinds=["polars", "parquet"],
        after=["interactions", "users", "items"],
        code=["ops_gpu.workflow", "ops_gpu.default_workflow", "ops_gpu.raw_schema"],
        settings={"workflow": plan.settings.workflow, "source": graph_source(plan), "only_filters": left_out(plan)},
        condition=condition,
        days=plan.partitions,
    )
    def count(context: dg.AssetExecutionContext, compute: ComputeResource) -> dg.MaterializeResult[Any]:
        days = as_days(context.partition_keys)
        paths = [plan.home.statistics(plan.name, day) for day in days]
        if not one_level(unfitted_workflow(plan)):
            return dg.MaterializeResult(metadata={"learned": "nothing: the graph learns in several levels"})
        for day, path, found in zip(days, paths, _partials(plan, days, compute), strict=True):
            found.save(path)
            context.add_asset_metadata(
                {"values": _distinct(found)}, asset_key=plan.key("statistics"), partition_key=str(day)
            )
        metadata: dict[str, Any] = {"days": len(days), "learned": dg.MetadataValue.md(_summary(paths[-1]))}
        return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(content_hash(paths)))

    return count


def unfitted_workflow(plan: Blueprint) -> "Workflow":
    """The workflow over the columns that users and items have now, before it has learned anything."""
    from ops_gpu.raw_schema import raw_schema
    from ops_gpu.workflow import Workflow

    schema = raw_schema(users_frame(plan), items_frame(plan))
    return Workflow(feature_graph(plan)(schema), schema)


def left_out(plan: Blueprint) -> list[str]:
    """Columns of the two tables that models do not read."""
    return [name for table in (plan.settings.users, plan.settings.items) if table for name in table.only_filters]


def one_level(workflow: "Workflow") -> bool:
    """Whether the workflow can be fitted from the statistics of parts of the data."""
    from ops_gpu.shared_key import looks_across_rows
    from ops_gpu.workflow_graph import WorkflowGraph

    return len(WorkflowGraph(workflow.node).levels()) <= 1 and not looks_across_rows(workflow.node)


def _partials(plan: Blueprint, days: list[date], compute: ComputeResource) -> Iterator["Statistics"]:
    from ops_gpu.raw_schema import joined

    users, items, workflow = users_frame(plan), items_frame(plan), unfitted_workflow(plan)
    with compute.connect() as engine:
        for day in days:
            events = read_events([plan.home.interactions(plan.name, day)])
            yield workflow.partial(joined(events, users, items), engine=engine)


def _distinct(found: "Statistics") -> int:
    return sum(frame.height for units in found.tables.values() for frame in units.values())


def _summary(path: Path) -> str:
    """What the last day's statistics hold, by operator and column."""
    from ops_gpu.statistics import Statistics

    found = Statistics.load(path)
    rows = [
        [str(found.operators[node]), unit, frame.height]
        for node, units in found.tables.items()
        for unit, frame in units.items()
    ]
    return table(["operator", "column or group", "rows"], rows)
