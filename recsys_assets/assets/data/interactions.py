"""Asset `interactions`: who did what to which item, one Parquet file a day."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from typing import TYPE_CHECKING, Any

import dagster as dg

from ops_gpu.logs import LogError
from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.automation.raw_observations import log_observation
from recsys_assets.automation.refit import ReadConfig
from recsys_assets.blueprint.asset_names import RAW
from recsys_assets.blueprint.blueprint import Blueprint, as_days
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.metadata.clean_report import report_metadata
from recsys_assets.metadata.column_notes import IDS
from recsys_assets.metadata.pictures import day_chart, histogram
from recsys_assets.metadata.reading import kept_days, reading_metadata, reading_notes
from recsys_assets.metadata.tables import ROWS, frame_metadata, rounded
from recsys_assets.tables.data_version import hash_files
from recsys_assets.tables.day_reading import DayReading
from recsys_assets.tables.quality_report import save_report

if TYPE_CHECKING:
    import polars as pl

DESCRIPTION = """Events of each day in the canonical form: `user_id`, `item_id`, `timestamp` (UTC), `label`.

Read from the raw log that the YAML names. Rows that cannot be used are left out and counted by reason; when
their share is above `quality.max_unusable_share`, or there is no event at all, nothing is written and the
check `volume` fails, so that the files of an earlier, better run stay as they are.

Events stay when the file that held them is gone (`quality.missing_files`), and say so at every run; where the file is
there and holds no more events of a day, the day becomes empty. Each event tells its file (`__file__`).

In the metadata, `events`, `positive`, `users` and `items` are counts of one day (plots show them day by day);
everything else is about all days that were read together.
"""
NOTES = IDS | {
    "timestamp": "moment of the event (UTC)",
    "label": "whether the event counts as liking (`interactions.label`)",
}


def interactions(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset."""
    settings = blueprint.settings

    @blueprint.asset(
        "interactions",
        "data",
        DESCRIPTION,
        kinds=["polars", "parquet"],
        # What stands between them is made by no step of a run, which waits for steps alone.
        after=[RAW["interactions"], *(["raw_logs"] if settings.generator is not None else [])],
        code=["ops_gpu.logs"],
        settings={"log": settings.interactions, "missing_files": settings.quality.missing_files},
        condition=condition,
        days=blueprint.partitions,
    )
    def read(context: dg.AssetExecutionContext, config: ReadConfig) -> dg.MaterializeResult[Any]:
        days, drop = as_days(context.partition_keys), config.drop_missing or settings.quality.missing_files == "drop"
        with user_errors(LogError):
            reading = DayReading.of(blueprint, days, drop)
        context.log_event(log_observation(blueprint, reading.changes))
        notes, written = reading_notes(reading), reading.is_usable
        for note in notes:
            context.log.warning(note)
        shown = _metadata(reading)
        if written:
            reading.write()
        save_report(reading.report, days, written, blueprint, sum(kept_days(reading).values()), len(reading.emptied))
        for day, counts in reading.counted.items():
            metadata = {**counts, "dagster/partition_row_count": counts["events"]}
            context.add_asset_metadata(metadata, asset_key=blueprint.key("interactions"), partition_key=str(day))
        version = hash_files(blueprint.home.interactions(blueprint.name, day) for day in days)
        return dg.MaterializeResult(
            metadata={**shown, **reading_metadata(reading)}, data_version=dg.DataVersion(version)
        )

    return read


def _metadata(reading: DayReading) -> dict[str, Any]:
    counts = {str(day): float(counted["events"]) for day, counted in reading.counted.items()}
    rows, liked = (sum(counted[name] for counted in reading.counted.values()) for name in ("events", "positive"))
    events = reading.events
    return {
        **frame_metadata(events.head(ROWS).collect(), NOTES, rows),
        **report_metadata(reading.report),
        "days": len(counts),
        "positive_share": rounded(liked / max(rows, 1)),
        "events_by_day": day_chart(counts, "events", "Events by day"),
        "popularity": _histogram(events, "item", "Popularity of items"),
        "activity": _histogram(events, "user", "Activity of users"),
    }


def _histogram(events: "pl.LazyFrame", of: str, title: str) -> dg.MetadataValue[Any]:
    """How many users or items have how many events."""
    counted = events.group_by(f"{of}_id").len().select("len").collect(engine="streaming")["len"]
    return histogram(
        counted.to_numpy(), f"events of {'an' if of == 'item' else 'a'} {of}", f"{of}s", log=True, title=title
    )
