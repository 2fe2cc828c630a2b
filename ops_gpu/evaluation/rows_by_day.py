"""Rows of interactions in memory, made day by day as those of a pipeline are."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ops_gpu.features.days.event_features import EventFeatures
from ops_gpu.features.days.feature_files import FeatureFiles
from ops_gpu.features.days.moment_features import MomentFeatures
from ops_gpu.features.training_data import TrainingData
from ops_gpu.interactions.days.item_count_files import ItemCountFiles
from ops_gpu.interactions.days.past_days import PastDays, read_day
from ops_gpu.interactions.item_state_config import ItemStateConfig
from ops_gpu.models.training.parquet_rows import ParquetRows
from ops_gpu.schema.raw_schema import joined
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow


def rows_by_day(
    data: TrainingData,
    tables: tuple[pl.DataFrame, pl.DataFrame],
    past: pl.DataFrame,
    workflow: Workflow,
    config: ItemStateConfig,
    history_length: int,
    folder: Path,
) -> tuple[ParquetRows, MomentFeatures]:
    """Rows with what labels, counts and groups had taught by the day of each.

    Args:
        data: users and items as codes of the workflow.
        tables: raw features of users and of items.
        past: canonical events that are learned from.
        workflow: fitted on them.
        config: half-lives.
        history_length: items of a user that rows hold.
        folder: where days and rows are written; the rows are read from there.

    Returns:
        The rows, and what gives those columns at any other moment.
    """
    for kind in ("events", "counts", "rows"):
        (folder / kind).mkdir(parents=True)
    events = {}
    for (day,), frame in past.group_by(pl.col("timestamp").dt.date()):
        events[day] = folder / "events" / f"{day}.parquet"
        frame.write_parquet(events[day])
    counts, rows = ({day: folder / kind / f"{day}.parquet" for day in events} for kind in ("counts", "rows"))
    count_day = ItemCountFiles(events, counts, config)
    for day in events:
        count_day(day)

    def load(path: Path) -> Statistics:
        return workflow.partial(joined(read_day(path), *tables))

    moments = MomentFeatures.of(workflow, *tables, events, load, folder / "folds" / "statistics")
    known = PastDays(events, counts, folder / "folds", config)
    features = EventFeatures(known, data.users, data.items, workflow, history_length, moments)
    write = FeatureFiles(features, rows, {day: {} for day in events})
    for stretch in features.stretches(list(events)):
        write(stretch)
    columns = data.user_schema + data.item_schema
    return ParquetRows.of(rows, columns, data.items.size, workflow.output_schema), moments
