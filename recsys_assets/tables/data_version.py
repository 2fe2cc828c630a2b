"""Data versions: a hash of the bytes that an asset wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

CHUNK = 1 << 20


def hash_files(paths: Iterable[Path]) -> str:
    """Hash of files and folders, 16 hexadecimal digits; equal content gives equal hashes anywhere.

    Names count relative to the given path, times and absolute places do not. A path that does not exist
    counts as absent, so that an optional file may be named.

    Args:
        paths: files, or folders whose files count at any depth.

    Example:
        >>> len(hash_files([Path("days")]))
        16
    """
    digest = hashlib.sha256()
    for path in paths:
        for file in _files(path):
            digest.update(f"{path.name}/{file.relative_to(path).as_posix()}\0".encode())
            _add(digest, file)
    return digest.hexdigest()[:16]


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file())


def _add(digest: hashlib._Hash, file: Path) -> None:
    """Adds a file's bytes, a mebibyte at a time."""
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
