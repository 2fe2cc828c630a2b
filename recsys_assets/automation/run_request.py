"""One run of the whole chain for some days."""

from __future__ import annotations

from datetime import date

import dagster as dg

from recsys_assets.automation.refit import run_config
from recsys_assets.blueprint.blueprint import Blueprint

DAY = "dagster/partition"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


def run_request(
    blueprint: Blueprint, first: date, last: date, *, run_key: str | None = None, refit: bool = False
) -> dg.RunRequest:
    """Asks for everything from the interactions of these days to the deployment.

    Args:
        blueprint: the recommender.
        first: first day.
        last: last day, included.
        run_key: makes Dagster start the same request once only.
        refit: fit workflow and models anew instead of continuing them.
    """
    # The selection is named, because automation conditions otherwise do not see what the run covers, and ask
    # for the same again.
    # Days are told by tags: a partition key would be held against the days that there were when this was loaded.
    days = {DAY: str(first)} if first == last else {RANGE_START: str(first), RANGE_END: str(last)}
    return dg.RunRequest(
        run_key=run_key,
        asset_selection=blueprint.chain,
        run_config=run_config(blueprint) if refit else {},
        tags={"recommender": blueprint.name, **days},
    )
