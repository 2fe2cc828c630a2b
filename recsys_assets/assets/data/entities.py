"""Assets `users` and `items`: one row an id, with features."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg

from ops_gpu.logs import CleanReport, EntityTable, LogError
from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.automation.raw_observations import table_observations
from recsys_assets.blueprint.asset_names import RAW
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import write_frame, write_json
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.metadata.clean_report import report_metadata
from recsys_assets.metadata.column_notes import entity_notes
from recsys_assets.metadata.tables import frame_metadata
from recsys_assets.tables.data_version import hash_files
from recsys_assets.tables.days.gone_ids import gone_ids
from recsys_assets.tables.days.logged_ids import logged_ids
from recsys_assets.tables.id_types import id_types
from recsys_assets.tables.kept_entities import with_kept
from recsys_assets.tables.source_files import note_table, table_files

if TYPE_CHECKING:
    import polars as pl

    from ops_gpu.logs import CleanLog

Kind = Literal["users", "items"]
DESCRIPTIONS = {
    "users": """One row a user: `user_id` and the features that the YAML names.

Users who occur in the interactions but in no table are appended without features; without a table of their
own, users are derived from the interactions. When more than `quality.max_unusable_share` of the rows of their
table cannot be used, or less than `quality.min_known_share` of the ids in the log are in it, nothing is written.
""",
    "items": """One row an item: `item_id`, `title`, `available` and the features that the YAML names.

An item that is not `available` is never recommended. Items that occur in the interactions but in no table are
appended without features; of several rows with one id the first counts. When more than
`quality.max_unusable_share` of the rows cannot be used, or less than `quality.min_known_share` of the ids in the log
are in their table, nothing is written.
""",
}


def entities(kind: Kind, blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset `users` or `items`."""
    settings = blueprint.settings
    declared = settings.users if kind == "users" else settings.items
    path = blueprint.home.users(blueprint.name) if kind == "users" else blueprint.home.items(blueprint.name)

    @blueprint.asset(
        kind,
        "data",
        DESCRIPTIONS[kind],
        kinds=["polars", "parquet"],
        # Ids that only the log knows are appended, and a log that failed its checks must not add any.
        after=["interactions", *_raw(kind, declared)],
        code=["ops_gpu.logs"],
        settings={"log": settings.interactions, "table": declared},
        condition=condition,
    )
    def read(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        with user_errors(LogError):
            files = {} if declared is None else table_files(blueprint, declared)
            for observation in table_observations(blueprint, kind):
                context.log_event(observation)
            seen = logged_ids(blueprint, f"{kind[:-1]}_id")
            clean = _read(kind, blueprint, declared, seen)
            require_usable(kind, clean.report, settings.quality.max_unusable_share)
            frame = with_kept(clean.frame, seen, path, declared or EntityTable(), partial(gone_ids, blueprint))
        known = clean.report.known
        write_json(known and known.to_dict(), known_file(kind, blueprint))
        if known is None or known.share >= settings.quality.min_known_share:
            write_frame(frame, path)
            note_table(blueprint, kind, files)
        shown = frame_metadata(frame, entity_notes(kind, declared))
        added = clean.report.added + frame.height - clean.frame.height
        report = replace(clean.report, rows_kept=frame.height, added=added)
        return dg.MaterializeResult(
            metadata={**shown, **report_metadata(report), **_counts(frame)},
            data_version=dg.DataVersion(hash_files([path])),
        )

    return read


def _read(kind: Kind, blueprint: Blueprint, declared: EntityTable | None, seen: "pl.Series | None") -> "CleanLog":
    """The table as its files are, and what it takes from the log.

    Args:
        kind: of the table.
        blueprint: the recommender.
        declared: what its columns mean.
        seen: distinct ids of the interactions. Without any, and where they are of another type than today's, the log
            itself says which there are.
    """
    from ops_gpu.logs import id_dtype, read_items, read_users

    types, log = id_types(blueprint), blueprint.settings.interactions
    if seen is not None and seen.dtype != id_dtype(types.user if kind == "users" else types.item):
        seen = None
    from_log = seen is None or (declared is not None and declared.reads_log)
    bounds = blueprint.log_days().bounds if from_log else None
    reader = read_users if kind == "users" else read_items
    return reader(declared, log, blueprint.place, types, bounds=bounds, seen=seen)


def _raw(kind: Kind, declared: EntityTable | None) -> list[str]:
    """The raw files that a table is read from, beside the ids of the interactions."""
    if declared is None:
        return []
    if declared.source is not None:
        return [RAW[kind]]
    return [RAW["interactions"]] if declared.reads_log else []


def known_file(kind: Kind, blueprint: Blueprint) -> Path:
    """Where it is noted how the ids of a table and of the log met, for the check."""
    return blueprint.home.recommender(blueprint.name) / f"{kind}_known.json"


def require_usable(kind: Kind, report: CleanReport, limit: float) -> None:
    """Refuses a table of which too many rows were left out, before anything is written.

    Raises:
        LogError: when their share is above `limit`.
    """
    if report.unusable_share <= limit:
        return
    reasons = ", ".join(f"{reason} {count}" for reason, count in report.dropped.items())
    examples = "".join(f"; for example {example}" for example in report.examples.values())
    raise LogError(
        f"{report.unusable:,} of the {report.rows_read:,} rows of the {kind} table cannot be used "
        f"({reasons}{examples}), expected at most {limit:.0%}; mend the file, or raise quality.max_unusable_share."
    )


def _counts(frame: "pl.DataFrame") -> dict[str, Any]:
    """What is missing: nulls by column, and items that may not be shown."""
    missing = zip(frame.columns, frame.null_count().row(0), strict=True)
    nulls = [f"{name} {count:,}" for name, count in missing if count]
    counts: dict[str, Any] = {"nulls": ", ".join(nulls) or "none"}
    if "available" in frame.columns:
        counts["available"] = int(frame["available"].sum())
    return counts
