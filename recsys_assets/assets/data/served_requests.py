"""Asset `served_requests`: what the live release recommended, one Parquet file a day."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from typing import Any

import dagster as dg

from recsys_assets.blueprint.asset_names import SERVED
from recsys_assets.blueprint.blueprint import Blueprint, as_days
from recsys_assets.blueprint.served_log import ServedLog
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.metadata.served import served_metadata
from recsys_assets.tables.data_version import hash_files

DESCRIPTION = """All answers of a day (UTC) out of the decision log, which is deleted after some days: for every user in
a request what was seen, retrieved, removed and why, scored and given, and by which release. Requests of tests (ids that
begin with `test-`) are left out; where `log_rate` is below 1, all numbers are of that share.

The names of bits are in the notes of each file. A day that is not over may be kept again as it grows; what is kept
already stays, though the log no longer has it. A day on which nobody asked is an empty file. Made by a schedule of its
own when a day is over, and by `recsys served`. A new release leaves the days as they are, though the page of a day then
calls it unsynced.
"""


def served_requests(blueprint: Blueprint) -> dg.AssetsDefinition:
    """Defines the asset."""

    @blueprint.asset(
        SERVED,
        "release",
        DESCRIPTION,
        kinds=["polars", "parquet"],
        after=["deployment", "items"],  # which says what items are called
        code=["serving.decisions.served_summary"],  # the rows are the log's; the code that answered is the release's
        days=blueprint.served_days,
    )
    def keep(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        from serving.decisions.served_summary import ServedSummary

        days, log = as_days(context.partition_keys), ServedLog(blueprint.name, blueprint.home)
        for day in days:
            with user_errors(FileNotFoundError):
                served = log.keep(day)
            found = ServedSummary.of(served.decisions, served.bits)
            metadata = served_metadata(blueprint, day, served, found)
            context.add_asset_metadata(metadata, asset_key=blueprint.key(SERVED), partition_key=str(day))
        version = hash_files(blueprint.home.served(blueprint.name, day) for day in days)
        return dg.MaterializeResult(data_version=dg.DataVersion(version))

    return keep
