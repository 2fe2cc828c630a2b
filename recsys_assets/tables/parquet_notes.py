"""What a Parquet file says of itself in its footer."""

from __future__ import annotations

from pathlib import Path


def parquet_notes(path: Path) -> dict[str, str]:
    """The notes that it was written with; none of a file that is not there, was cut off, or has no notes."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        found = pq.read_metadata(path).metadata or {}
    except (FileNotFoundError, pa.ArrowInvalid):
        return {}
    return {key.decode(): value.decode() for key, value in found.items()}
