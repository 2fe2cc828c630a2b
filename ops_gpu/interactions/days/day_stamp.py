"""What tells one content of a day from another, whenever and wherever it was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import polars as pl

from ops_gpu.schema.footer import footer_notes

EVENT = ("user_id", "item_id", "timestamp", "label")
CONTENT = "content"
"""Note in the footer of a Parquet file."""


def content_of(events: pl.DataFrame) -> str:
    """Hash of canonical events, 16 hexadecimal digits; other columns and the clock do not count.

    Args:
        events: of one day, in the order in which they are kept.

    Example:
        >>> from datetime import datetime
        >>> day = {"user_id": [1], "item_id": [2], "timestamp": [datetime(2024, 1, 1)], "label": [True]}
        >>> content_of(pl.DataFrame(day)) == content_of(pl.DataFrame({**day, "device": ["phone"]}))
        True
    """
    digest = sha256()
    for column in events.select(EVENT):
        for part in _bytes(column):
            digest.update(part)
    return digest.hexdigest()[:16]


def _bytes(column: pl.Series) -> Iterator[bytes]:
    """What a column holds, however it is held: the same on any machine."""
    yield f"{column.name} {column.dtype} {len(column)}".encode()
    yield column.is_null().to_numpy().tobytes()
    if column.dtype == pl.String:
        texts = column.fill_null("")
        yield texts.str.len_bytes().to_numpy().tobytes()
        yield str(texts.str.join("").item()).encode()
    else:
        yield column.to_physical().cast(pl.Int64).fill_null(0).to_numpy().tobytes()


def day_stamp(path: Path) -> str:
    """What a day's file says of its content; of one that says nothing, its size and when it was written.

    Args:
        path: a Parquet file, or a folder.

    Raises:
        FileNotFoundError: when it is not there.
    """
    found = path.stat()
    noted = footer_notes(path).get(CONTENT) if path.suffix == ".parquet" else None
    return noted or f"{found.st_size}:{found.st_mtime_ns}"


def only_added(before: Mapping[str, str], now: Mapping[str, str]) -> list[str] | None:
    """The days that have come since, in order, where all others are what they were; None where anything else changed.

    Args:
        before: stamp by day.
        now: stamp by day.

    Example:
        >>> only_added({"2024-01-01": "x"}, {"2024-01-01": "x", "2024-01-02": "y"})
        ['2024-01-02']
    """
    if any(now.get(day) != stamp for day, stamp in before.items()):
        return None
    return sorted(day for day in now if day not in before)
