"""The files of a decision log: which days there are, and whether one has grown."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import date
from pathlib import Path

DAY = "day="
"""What the folders of a log begin with, one a day (UTC)."""
NUMBER = "decision"
"""The column that tells an answered request from every other; files of earlier versions do not have it."""


def decision_files(folder: Path, day: date | None = None) -> list[Path]:
    """The files of a log, newest first; of one day, or of all."""
    pattern = f"{DAY}{day or '*'}/*.parquet"
    files = (path for path in folder.glob(pattern) if not path.name.startswith("."))
    return sorted(files, key=lambda path: (path.parent.name, path.name), reverse=True)


def damaged(path: Path, error: Exception) -> ValueError:
    """What to raise where a file of decisions could not be read."""
    said = (str(error).splitlines() or [type(error).__name__])[0]
    return ValueError(
        f"{path} is damaged, expected decisions as Parquet ({said}); restore it, or move it away: all other "
        "files can be read without it."
    )


def logged_days(folder: Path) -> list[date]:
    """The days that a log has a folder of, in order; none where there is no log."""
    found = []
    for path in folder.glob(f"{DAY}*"):
        with suppress(ValueError):  # not written by us
            found.append(date.fromisoformat(path.name.removeprefix(DAY)))
    return sorted(found)


def state_of_day(folder: Path, day: date) -> str:
    """What changes with every file that is written to a day; empty where the log has nothing of it.

    By the names of the files, each of which is written once, so that no file is opened.
    """
    names = [path.name for path in decision_files(folder, day)]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16] if names else ""
