"""A workflow with columns that labels and counts teach, and what makes feature rows with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from ops_gpu.features.days.event_features import EventFeatures
from ops_gpu.features.days.moment_features import MomentFeatures
from ops_gpu.features.entity_workflow import fit_workflow
from ops_gpu.features.training_data import entity_table
from ops_gpu.graph.node import Node
from ops_gpu.operators import Categorify, JoinGroupby, LogOp, TargetEncoding
from ops_gpu.schema.raw_schema import joined, raw_schema
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow
from tests.ops_gpu.day_files import write_days
from tests.ops_gpu.heart import CONFIG, Heart


def taught(schema: Schema) -> Node:
    """Codes; how an item was liked, how often its language came; and the latter on a scale."""
    codes = ["user_id", "item_id"] >> Categorify()
    return codes + (["item_id"] >> TargetEncoding("label", p_smooth=3)) + (["language"] >> JoinGroupby() >> LogOp())


def taught_rows(heart: Heart, folder: Path) -> tuple[EventFeatures, Callable[[pl.DataFrame], Statistics]]:
    """What makes the rows, and what counts some events."""
    users, items = heart.demo.users, heart.demo.items
    workflow = fit_workflow(heart.interactions, users, items, Workflow(taught(raw_schema(users, items))))
    past = write_days(heart.interactions, folder / "files", CONFIG.candidates.snapshot)
    tables = entity_table(users, "user_id", workflow)[0], entity_table(items, "item_id", workflow)[0]

    def count(events: pl.DataFrame) -> Statistics:
        return workflow.partial(joined(events, users, items))

    def load(path: Path) -> Statistics:
        return count(pl.read_parquet(path))

    moments = MomentFeatures.of(workflow, users, items, past.events, load, folder / "folds")
    return EventFeatures(past, *tables, workflow, 3, moments), count
