"""Checksums of the files below a folder."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class FileChecksum:
    """What a file must be.

    Args:
        sha256: hexadecimal digest of its content.
        size: bytes.
    """

    sha256: str
    size: int

    @classmethod
    def of(cls, path: Path) -> FileChecksum:
        """Reads a file."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(digest, path.stat().st_size)


def checksums(folder: Path, leave_out: frozenset[str] = frozenset()) -> dict[str, FileChecksum]:
    """Checksums of all files below a folder, by relative POSIX path, in sorted order.

    Args:
        folder: the folder.
        leave_out: relative paths that are not looked at.

    Raises:
        ValueError: for a symbolic link, whose target could change behind the checksum.
    """
    found: dict[str, FileChecksum] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise ValueError(f"{path} is a symbolic link; a release holds plain files only: copy its target.")
        if path.is_file() and name not in leave_out:
            found[name] = FileChecksum.of(path)
    return found


def hash_release(files: dict[str, FileChecksum], lineage: dict[str, Any]) -> str:
    """SHA-256 over the sorted (path, checksum) pairs and the lineage (JSON); 64 hexadecimal digits."""
    pairs = sorted((name, file.sha256) for name, file in files.items())
    text = json.dumps([pairs, lineage], sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
