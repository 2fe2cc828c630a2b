"""Decisions written by hand, as a release of few operators would log them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from serving.decisions.reader import Bits

BITS: Bits = {"source": {"two_tower": 1, "popular": 2, "fallback": 128}, "reason": {"seen": 1, "sold_out": 4}}
LISTS = {"item": pl.Int64, "source": pl.UInt8, "retrieved_source": pl.UInt8, "removed_reason": pl.UInt32}
SCHEMA: dict[str, Any] = {
    "request": pl.String,
    "row": pl.Int32,
    "time": pl.Datetime("us", "UTC"),
    "release": pl.String,
    "user_id": pl.Int64,
    **{name: pl.List(dtype) for name, dtype in LISTS.items()},
    "scored_item": pl.List(pl.Int64),
}


def decision(request: str, user: int, items: Sequence[int], moment: datetime, **others: Any) -> dict[str, Any]:
    """One list: each item brought by the two towers, nothing removed, unless `others` say so."""
    plain = {"source": [1] * len(items), "retrieved_source": [1] * len(items), "removed_reason": []}
    row = {"request": request, "row": 0, "time": moment, "release": "a" * 64, "user_id": user, "item": list(items)}
    return {**row, **plain, "scored_item": list(items), **others}


def day_of(day: date, lists: int, request: str = "r") -> list[dict[str, Any]]:
    """Lists of a day, one an hour from midnight on, of three items each."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return [decision(f"{request}{n}", n, [n, n + 1, 50], start + timedelta(hours=n)) for n in range(lists)]


def frame_of(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """The rows as the log has them."""
    return pl.DataFrame(list(rows), schema=SCHEMA)


def write_log(folder: Path, day: date, rows: Sequence[dict[str, Any]] | pl.DataFrame, name: str = "1") -> Path:
    """Writes one file of a log, of the release that its rows name."""
    frame = rows if isinstance(rows, pl.DataFrame) else frame_of(rows)
    path = folder / f"day={day}" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    release = frame["release"].first() if frame.height else "a" * 64
    frame.write_parquet(path, metadata={"release": str(release), "bits": json.dumps(BITS)})
    return path
