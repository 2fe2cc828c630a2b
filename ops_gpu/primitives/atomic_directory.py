"""Folders that are there as a whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from uuid import uuid4


@contextmanager
def folder_written_aside(path: str | os.PathLike[str], replaces: Sequence[str]) -> Iterator[Path]:
    """A fresh folder beside `path`, which takes its place when the block ends well and is removed otherwise.

    Args:
        path: the folder to write; an older one of that name is replaced.
        replaces: patterns of the names that an older one may hold: what holds anything else was written by others.

    Yields:
        The folder to write into.

    Raises:
        FileExistsError: when there is a file of that name, or a folder that holds something else.
    """
    target = Path(path)
    _check_replaceable(target, replaces)
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


def _check_replaceable(target: Path, replaces: Sequence[str]) -> None:
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"{target} is a file, and a folder is to be written there; name another place.")
    held = sorted(entry.name for entry in target.iterdir()) if target.exists() else []
    others = [name for name in held if not any(fnmatch(name, pattern) for pattern in replaces)]
    if others:
        raise FileExistsError(
            f"{target} holds {others[0]!r}, which would be lost; expected only {', '.join(replaces)} there: "
            "name another folder, or remove it."
        )
