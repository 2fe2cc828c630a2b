"""A small world whose future gives everything away: every two days there are new items, and a few become hits."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

NAME, FIRST, LAST = "hits", "2026-01-02", "2026-01-21"  # second days of periods stand on the grid of moments
YAML = """type: recsys_assets.Recommender
attributes:
  interactions:
    source: {path: log.csv}
    user: user
    item: item
    time: time
  workflow: hits_features.build
  retrieval: {dimension: 8, hidden: [16], history_length: 10, epochs: 4, batch_size: 256, learning_rate: 0.01}
  candidates: {two_tower: 60, popular: 60, co_occurrence: 30}
  ranking:
    {moments: 2, step_days: 2, horizon_days: 2, list_size: 60, dimension: 4, bottom: [16], top: [16], epochs: 6}
  evaluation: {days: 1}
"""
FEATURES = """from ops_gpu.operators import Categorify, JoinGroupby, LogOp, Normalize


def build(schema):
    return (["user_id", "item_id"] >> Categorify()) + (["item_id"] >> JoinGroupby() >> LogOp() >> Normalize())
"""
COUNT = "item_id_count"


def write_world(folder: Path, users: int = 200, periods: int = 10, fresh: int = 40, hits: int = 4) -> Path:
    """Writes YAML, features and log of 20 days into a new folder.

    On the first day of a period every new item is tried four times, on the second 60% of users take two of the hits:
    who knows how often an item will have been taken in the end knows the hits.
    """
    random, rows, start = np.random.default_rng(0), [], datetime(2026, 1, 2)
    for period in range(periods):
        new = np.arange(1 + period * fresh, 1 + (period + 1) * fresh)
        best = random.choice(new, hits, replace=False)
        tried = [(user, item, 0) for item in new for user in random.choice(users, 4, replace=False)]
        taken = [
            (u, i, 1) for u in range(users) if random.random() < 0.6 for i in random.choice(best, 2, replace=False)
        ]
        for user, item, day in [*tried, *taken]:
            moment = start + timedelta(days=2 * period + day, seconds=int(random.integers(86_400)))
            rows.append((int(user) + 1, int(item), moment.isoformat()))
    place = folder / NAME
    place.mkdir(parents=True)
    pl.DataFrame(rows, schema=["user", "item", "time"], orient="row").write_csv(place / "log.csv")
    (place / "defs.yaml").write_text(YAML)
    (place / "hits_features.py").write_text(FEATURES)
    return place
