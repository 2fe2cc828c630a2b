"""Running some assets of one recommender in this process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from recsys_assets.automation.refit import run_config
from recsys_assets.component.locations import blueprints, load
from recsys_assets.component.shared_definitions import shared_definitions
from resources.home import Home


def materialize(
    folder: Path,
    assets: Sequence[str],
    first: str | None = None,
    last: str | None = None,
    instance: dg.DagsterInstance | None = None,
    refit: bool = False,
    drop_missing: bool = False,
) -> dg.ExecuteInProcessResult:
    """Materializes assets of the recommender in a folder, over days where they are given; does not raise."""
    home = Home.from_environment()
    defs = dg.Definitions.merge(load(folder), shared_definitions(home))
    keys = [dg.AssetKey([folder.name, asset]) for asset in assets]
    tags = {}
    if first:
        tags = {
            "dagster/asset_partition_range_start": first,
            "dagster/asset_partition_range_end": last or first,
        }
    job = defs.resolve_implicit_global_asset_job_def()
    blueprint = blueprints(folder, home)[0]
    config = run_config(blueprint, refit=refit, drop_missing=drop_missing and "interactions" in assets)
    return job.execute_in_process(config, asset_selection=keys, tags=tags, instance=instance, raise_on_error=False)


def failure(result: dg.ExecuteInProcessResult) -> str:
    """What the first failed step says."""
    event = next(event for event in result.all_events if event.is_step_failure)
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    return str(data.error)
