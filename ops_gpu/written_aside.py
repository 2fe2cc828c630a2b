"""Folders that are there as a whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def folder_written_aside(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A fresh folder beside `path`, which takes its place when the block ends well and is removed otherwise.

    Args:
        path: the folder to write; an older one of that name is replaced.

    Yields:
        The folder to write into.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{uuid4().hex}")
    aside.mkdir()
    try:
        yield aside
        if target.exists():
            old = target.with_name(f".{target.name}.{uuid4().hex}")
            target.replace(old)
            aside.replace(target)
            shutil.rmtree(old)
        else:
            aside.replace(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
