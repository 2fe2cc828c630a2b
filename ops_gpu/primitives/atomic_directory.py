"""Folders that are there as a whole or not at all."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from pathlib import Path
from uuid import uuid4

from ops_gpu.primitives.atomic_file import ASIDE

_HERE, _EXCHANGE = -100, 2
"""`AT_FDCWD` and `RENAME_EXCHANGE` of Linux (renameat2(2))."""


@contextmanager
def atomic_directory(path: str | os.PathLike[str], replaces: Sequence[str] | None = None) -> Iterator[Path]:
    """Gives a folder beside the final one to write into, which takes its place when the block ends well.

    Of several writers at once each has a folder of its own, and the last one to end is read. Whoever is killed leaves
    the old folder as it was.

    Args:
        path: the folder; that around it is made.
        replaces: patterns of the names that an older one may hold: what holds anything else was written by others.
            None for anything, where the folder is nobody else's.

    Yields:
        The folder to write into; it is empty.

    Raises:
        FileExistsError: when there is a file of that name, or a folder that holds something else.
    """
    target = Path(path)
    if replaces is not None:
        _check_replaceable(target, replaces)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=ASIDE + f"{target.name}-", dir=target.parent) as place:
        fresh = Path(place, "fresh")
        fresh.mkdir()
        yield fresh
        while not _exchanged(fresh, target):
            with suppress(FileNotFoundError):  # there is none, or another writer has moved it already
                target.rename(Path(place, f"old-{uuid4().hex}"))
            try:
                fresh.rename(target)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise  # else another writer was quicker: it is replaced in turn


def remove_directory(path: str | os.PathLike[str]) -> None:
    """Removes a folder: for whoever looks at once, and then its files. One that is not there is removed already."""
    target = Path(path)
    aside = target.with_name(f"{ASIDE}{target.name}-{uuid4().hex}")
    with suppress(FileNotFoundError):
        target.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchanges two folders at once; false where one is not there, or the system or the disk cannot.

    Then there is a moment between two renames at which there is no folder of the final name.
    """
    call = getattr(ctypes.CDLL(None), "renameat2", None)
    return call is not None and call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0


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
