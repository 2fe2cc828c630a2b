"""Asset `training_lists`: what the ranker learns from."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from typing import Any

import dagster as dg

from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.model_families import retrieval_code
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.challenger.training.ranking_lists import LIST_CODE, list_settings, ranking_lists
from recsys_assets.challenger.training.training_data import TRAINING_CODE, TRAINING_DATA
from recsys_assets.metadata.tables import rounded, table
from recsys_assets.tables.data_version import hash_files
from resources.compute import ComputeResource

DESCRIPTION = """Lists of candidates as of past moments, exactly as a live request would have been answered then (by
models that had not seen what followed), labelled by what the users chose within the horizon after it.

Moments stand on a fixed grid: the lists of one are made once and kept, and the window moves over them as days arrive.
Those of the newest moment count what was chosen so far, and are made again until its horizon is over.
They are made again when a day up to the end of their horizon was read again, the workflow was fitted anew, or what
lists are made by changed.
"""


def training_lists(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset."""

    @blueprint.asset(
        "training_lists",
        "models",
        DESCRIPTION,
        kinds=["polars", "parquet"],
        after=["retrieval_model", "interactions", "statistics", "item_state", *TRAINING_DATA],
        code=[*LIST_CODE, *TRAINING_CODE, *retrieval_code(blueprint.settings)],
        settings=list_settings(blueprint),
        condition=condition,
    )
    def make(context: dg.AssetExecutionContext, compute: ComputeResource) -> dg.MaterializeResult[Any]:
        with user_errors(ValueError), compute.connect() as engine:
            lists = ranking_lists(blueprint)
            end = lists.day_ranges.ranges.end
            made, rows = lists.make(engine, context.log.info), lists.until(end)
        kept = [lists.files.path(window) for window in lists.windows(end)]
        return dg.MaterializeResult(
            metadata={
                "moments": len(kept),
                "made_now": len(made),
                "lists": len(rows.moment),
                "rows": len(rows.item),
                "positive_share": rounded(rows.label.mean()) if len(rows.label) else 0.0,
                "by_moment": dg.MetadataValue.md(_by_moment(rows, {window.moment for window in made})),
            },
            data_version=dg.DataVersion(hash_files(kept)),
        )

    return make


def _by_moment(rows: Any, made: set[int]) -> str:
    """How many lists each moment has, and whether they were made now."""
    import numpy as np

    from ops_gpu.interactions.utc_days import as_day

    moments, counts = np.unique(rows.moment, return_counts=True)
    lines = [
        [str(as_day(moment)), int(count), "now" if moment in made else "before"]
        for moment, count in zip(moments.tolist(), counts, strict=True)
    ]
    return table(["as of", "lists", "made"], lines)
