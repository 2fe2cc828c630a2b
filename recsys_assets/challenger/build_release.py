"""From the evaluated challenger to the parts of a release."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from ops_gpu.interactions.utc_days import as_day
from recsys_assets.blueprint.asset_names import VERSION_TAG
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.challenger.fitted.models import (
    challenger_workflow,
    fit_config,
    ranker,
    released_workflow,
    retrievers,
    schema_version,
    workflow_version,
)
from recsys_assets.challenger.training.ranking_lists import ranking_lists
from recsys_assets.challenger.training.training_data import training_data
from recsys_assets.tables.data_version import hash_files
from recsys_assets.tables.tables import event_files, users_frame

if TYPE_CHECKING:
    from ops_gpu.schema.schema import Schema
    from ops_gpu.workflow.workflow import Workflow
    from serving.ensemble.release_parts import Parts
    from serving.release.manifest import ReleaseMetadata


def continued_parts(
    blueprint: Blueprint, day_ranges: DayRanges, progress: Callable[[str], None]
) -> tuple[Parts, Schema]:
    """Continues the challenger's models over the judged days, and gathers what answers requests.

    The workflow goes on too: the released one has learned from all days, and has the codes that the models know.

    Returns:
        The parts, and the schema of the raw user features that requests are answered with.

    Raises:
        ValueError: when workflow and models are of different fits.
    """
    from ops_gpu.evaluation.index_recall import tuned
    from ops_gpu.recommender.candidate_sources import sources_at
    from ops_gpu.recommender.two_stage import continue_retrieval, fit_ranker
    from ops_gpu.schema.schema import Schema
    from serving.ensemble.release_parts import Parts

    ranges, config, workflow = day_ranges.ranges, fit_config(blueprint), released_workflow(blueprint)
    data = training_data(blueprint, workflow)
    challenger = retrievers(blueprint, "model")
    continued = continue_retrieval(data, challenger, config, ranges.fit_end, ranges.end, progress)
    rows = ranking_lists(blueprint).until(ranges.end)
    ranking = fit_ranker(data, rows, config, ranker(blueprint), progress)
    del challenger, rows  # what comes now needs room of its own
    sources = tuned(sources_at(data, continued, ranges.end, config.candidates, live=True), data)
    raw_users = Schema.from_polars(users_frame(blueprint, for_filters=True).drop("user_id"))
    return Parts(workflow, data, sources, continued, ranking, config), raw_users


def lineage(
    blueprint: Blueprint,
    day_ranges: DayRanges,
    workflow: Workflow,
    report: Mapping[str, Any],
    instance: dg.DagsterInstance,
    code: str,
) -> ReleaseMetadata:
    """What the manifest says: days, data version of every asset above, code, metrics.

    Args:
        blueprint: the recommender.
        day_ranges: the days.
        workflow: of the release.
        report: of the evaluation.
        instance: knows the data versions.
        code: version of the code that builds the release.
    """
    from serving.release.manifest import DayRange, ReleaseMetadata

    ranges = day_ranges.ranges
    versions = {
        key.to_user_string(): _version(key, instance)
        for key in blueprint.chain[: blueprint.chain.index(blueprint.key("release"))]
    }
    used = {
        "interactions": hash_files(event_files(blueprint)),
        "workflow": workflow_version(workflow, challenger_workflow(blueprint).hash()),
        "schema": schema_version(workflow.output_schema),
    }
    versions |= {blueprint.key(asset).to_user_string(): version for asset, version in used.items()}
    judged = DayRange(str(as_day(ranges.fit_end)), str(as_day(ranges.judged_end - 1)))
    return ReleaseMetadata(
        data_versions=versions,
        code_version=code,
        schema=workflow.output_schema.to_dict(),
        metrics={key: value for key, value in report.items() if key not in ("mlflow_run", "judged")},
        fitted=DayRange(str(as_day(ranges.start)), str(as_day(ranges.fit_end - 1))),
        continued=DayRange(str(as_day(ranges.fit_end)), str(as_day(ranges.end - 1))),
        judged=judged if ranges.judged_end < ranges.end else None,
    )


def _version(key: dg.AssetKey, instance: dg.DagsterInstance) -> str:
    """Data version of an asset's newest materialization; empty where this instance knows of none."""
    event = instance.get_latest_materialization_event(key)
    found = event.asset_materialization if event else None
    return str((found.tags or {}).get(VERSION_TAG, "")) if found else ""
