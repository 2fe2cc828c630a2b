"""Canonical interactions as the files of days."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ops_gpu.interactions.days.item_counts import ItemCounts
from ops_gpu.interactions.days.past_days import PastDays
from ops_gpu.interactions.item_state_config import ItemStateConfig
from ops_gpu.interactions.utc_days import day_end


def write_days(interactions: pl.DataFrame, folder: Path, config: ItemStateConfig) -> PastDays:
    """Events and counts of every day that has an event."""
    for kind in ("events", "counts"):
        (folder / kind).mkdir(parents=True)
    events, counts = {}, {}
    for (day,), frame in interactions.group_by(pl.col("timestamp").dt.date(), maintain_order=True):
        events[day], counts[day] = (folder / kind / f"{day}.parquet" for kind in ("events", "counts"))
        frame.write_parquet(events[day])
        ItemCounts.count(frame, day_end(day), config).save(counts[day])
    return PastDays(events, counts, folder / "folds", config)
