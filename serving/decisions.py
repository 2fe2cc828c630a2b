"""Reading a decision log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving.ensemble import Ensemble
from serving.frames import to_columns
from serving.operators.base import Columns

if TYPE_CHECKING:
    import polars as pl

REQUEST = "request_"


def decision_files(folder: Path, day: date | None = None) -> list[Path]:
    """The files of a log, newest first; of one day, or of all."""
    pattern = f"day={day}/*.parquet" if day else "day=*/*.parquet"
    files = (path for path in folder.glob(pattern) if not path.name.startswith("."))
    return sorted(files, key=lambda path: (path.parent.name, path.stat().st_mtime_ns), reverse=True)


def read_decisions(folder: Path, day: date | None = None) -> pl.DataFrame:
    """All decisions of a day (or of all days), in order of time; files of several releases are joined by name.

    Raises:
        FileNotFoundError: when nothing was logged.
    """
    import polars as pl

    files = decision_files(folder, day)
    if not files:
        raise FileNotFoundError(f"There are no decisions in {folder}" + (f" of {day}" if day else "") + ".")
    frames = [frame for path in files if (frame := _read(path)) is not None]
    return pl.concat(frames, how="diagonal_relaxed").sort("time", "request", "row")


def find_request(folder: Path, request: str) -> tuple[pl.DataFrame, dict[str, dict[str, int]]]:
    """The decisions of one request, a row a user, and the names of the log's bits.

    Raises:
        LookupError: when no such request was logged.
    """
    import polars as pl

    for path in decision_files(folder):
        found = _read(path, pl.col("request") == request)
        if found is not None and found.height:
            notes: dict[str, str] = pl.read_parquet_metadata(path)
            return found.sort("row"), json.loads(notes["bits"])
    raise LookupError(
        f"No request {request!r} is in {folder}; it may lie outside the sampled share, or be younger than a few "
        f"seconds, or its day may have been deleted."
    )


def newest_decisions(folder: Path, most: int) -> Iterator[pl.DataFrame]:
    """The newest decisions, file by file, until there are `most` rows."""
    left = most
    for path in decision_files(folder):
        frame = _read(path)
        if frame is not None and left > 0:
            yield frame.sort("time", descending=True).head(left)
            left -= min(left, frame.height)


def request_columns(decisions: pl.DataFrame, ensemble: Ensemble) -> Columns:
    """The batch that logged requests made, for the same ensemble or for one of other inputs.

    Columns that the log does not have are left out, as a request may.
    """
    names = {name: name if name == "user_id" else f"{REQUEST}{name}" for name in ensemble.inputs.names}
    logged = {name: column for name, column in names.items() if column in decisions.columns}
    frame = decisions.select(**logged)
    schema = ensemble.inputs.select_by_name(list(logged))
    wide = [column.name for column in schema if "padded" in column.properties]
    columns = to_columns(frame, type(schema)(c.with_dtype(c.dtype, is_list=c.name in wide) for c in schema))
    for name in wide:
        lists: Any = columns[name]
        pad = ensemble.inputs[name].properties["default"]
        columns[name] = lists.to_dense(max(lists.lengths.max(initial=0), 0), pad or (b"" if pad == "" else pad))
    return columns


def _read(path: Path, where: pl.Expr | None = None) -> pl.DataFrame | None:
    """A file's rows; None where it was joined into a larger one meanwhile."""
    import polars as pl

    try:
        scan = pl.scan_parquet(path)
        return (scan if where is None else scan.filter(where)).collect()
    except FileNotFoundError:
        return None
