"""What a Parquet file says of itself in its footer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def parquet_notes(path: Path) -> Mapping[str, str]:
    """The notes that it was written with; none of a file that is not there, was cut off, or has no notes."""
    import pyarrow as pa  # type: ignore[import-untyped]

    from ops_gpu.schema.footer import footer_notes

    try:
        return footer_notes(path)
    except (FileNotFoundError, pa.ArrowInvalid):
        return {}
