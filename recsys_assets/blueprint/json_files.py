"""JSON and Parquet files that a reader never sees half of."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops_gpu.primitives.atomic_file import atomic_file, write_text

if TYPE_CHECKING:
    import polars as pl


def write_frame(frame: pl.DataFrame, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Writes a Parquet file, with notes in its footer."""
    with atomic_file(path) as aside:
        frame.write_parquet(aside, metadata=dict(notes or {}))


def write_json(values: Any, path: Path, durable: bool = False) -> None:
    """Writes a JSON file with sorted keys; what JSON cannot hold becomes text. `durable` as in `atomic_file`."""
    text = json.dumps(values, indent=2, sort_keys=True, default=str, allow_nan=False)
    write_text(path, text + "\n", durable)


def read_json(path: Path) -> Any:
    """Reads what `write_json` wrote; None where there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def remove(path: Path) -> None:
    """Removes a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
