"""Writing files and folders aside first, so that a reader never sees half of one."""

from __future__ import annotations

import errno
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    import polars as pl


@contextmanager
def aside_file(path: Path) -> Iterator[Path]:
    """Gives a path beside the final one to write to; on success it takes the final one's place.

    Of several writers at once each has a path of its own, and the last one to end is read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".aside-{path.name}-{uuid4().hex}")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def aside_folder(path: Path) -> Iterator[Path]:
    """Gives a folder that does not exist yet, beside the final one, which it replaces on success.

    Of several writers at once each has a folder of its own, and the last one to end is read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".aside-{path.name}-", dir=path.parent) as place:
        fresh = Path(place, "fresh")
        yield fresh
        while True:
            with suppress(FileNotFoundError):  # there is none, or another writer has moved it already
                path.rename(Path(place, f"old-{uuid4().hex}"))
            try:
                fresh.rename(path)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise  # else another writer was quicker: it is replaced in turn


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Writes a Parquet file."""
    with aside_file(path) as aside:
        frame.write_parquet(aside)


def write_json(values: Any, path: Path) -> None:
    """Writes a JSON file with sorted keys; what JSON cannot hold becomes text."""
    with aside_file(path) as aside:
        text = json.dumps(values, indent=2, sort_keys=True, default=str, allow_nan=False)
        aside.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Reads what `write_json` wrote; None where there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def remove(path: Path) -> None:
    """Removes a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
