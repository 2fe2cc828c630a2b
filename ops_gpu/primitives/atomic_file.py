"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

ASIDE = ".aside-"
"""What the names of files and folders begin with that are not written to their end; those of the dead are left."""


@contextmanager
def atomic_file(path: str | os.PathLike[str], durable: bool = False) -> Iterator[Path]:
    """Gives a path beside the final one to write to, which takes its place when the block ends well.

    Of several writers at once each has a path of its own, and the last one to end is read. Whoever is killed leaves
    the old file as it was.

    Args:
        path: the file; its folder is made.
        durable: whether a loss of power must not lose it: it is on the disk before it takes the old one's place.

    Yields:
        The path to write to; nothing is there yet.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f"{ASIDE}{target.name}-{uuid4().hex}")
    try:
        yield aside
        if durable:
            _flush(aside)
        aside.replace(target)
        if durable:
            _flush(target.parent)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str, durable: bool = False) -> None:
    """Writes a text in UTF-8; see `atomic_file`."""
    with atomic_file(path, durable) as aside:
        aside.write_text(text, encoding="utf-8")


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
