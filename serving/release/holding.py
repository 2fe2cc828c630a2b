"""Holding: something that lies in a home, and whether it stays there."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Holding:
    """A folder or a file that retention looks at.

    Args:
        path: where it lies.
        what: `release`, `model` (of the server's repository) or `leftover`.
        made: when it was made, in UTC.
        size: bytes.
        goes: whether it is removed.
        why: why it stays, or goes.
    """

    path: Path
    what: str
    made: datetime
    size: int
    goes: bool
    why: str

    @classmethod
    def going(cls, path: Path, what: str, why: str) -> Holding:
        """Something that goes, with its size and the time of its last change."""
        return cls(path, what, changed(path), size_of(path), True, why)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; what goes away meanwhile counts for nothing."""
    total = 0
    for file in (path, *path.rglob("*")):
        with contextlib.suppress(OSError):
            total += file.lstat().st_size if not file.is_dir() or file.is_symlink() else 0
    return total


def changed(path: Path) -> datetime:
    """When a file, or anything below a folder, was last changed, in UTC."""
    latest = 0.0
    for file in (path, *path.rglob("*")):
        with contextlib.suppress(OSError):
            latest = max(latest, file.lstat().st_mtime)
    return datetime.fromtimestamp(latest, UTC)
