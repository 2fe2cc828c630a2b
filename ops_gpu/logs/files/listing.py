"""The files of a source, found through fsspec, each with a fingerprint that changes with its content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

import fsspec

from ops_gpu.logs.errors.log_error import LogError, first_line
from ops_gpu.logs.files.place import LogPlace
from ops_gpu.logs.files.source import LogSource

_COMPRESSED = {".gz", ".gzip", ".bz2", ".xz", ".zst", ".zstd"}
_PARQUET = {".parquet", ".pq"}
_JSON = {".jsonl", ".ndjson", ".json"}
_TEXT = {".csv", ".tsv", ".psv", ".txt", ".dat", ".data", ".tab", ".log"}
_SIGNS = "*?["
# What identifies one version of a file, in the words of the different file systems.
_VERSIONS = ("mtime", "LastModified", "last_modified", "updated", "ETag", "etag", "created")


@dataclass(frozen=True)
class LogFile:
    """One file of a source.

    Args:
        path: its full address, as shown in messages.
        fingerprint: size and time of change; differs when the file was replaced.
        format: how to read it.
        filesystem: the fsspec file system that opens it.
        key: its path within that file system.
        size: bytes; None where the file system does not say.
        changed: when it was last written to, epoch seconds; None where the file system does not say, or replaces
            files as a whole.
    """

    path: str
    fingerprint: str
    format: Literal["parquet", "delimited", "jsonl"]
    filesystem: Any
    key: str
    size: int | None = None
    changed: float | None = None

    @property
    def local(self) -> bool:
        """Whether it lies on this machine's own disk."""
        return bool("file" in _protocols(self.filesystem))

    def read(self, start: int | None = None, end: int | None = None) -> bytes:
        """The content, or a part of it.

        Args:
            start: first byte; None for the beginning.
            end: byte after the last one; None for the end.

        Raises:
            LogError: when it cannot be opened.
        """
        try:
            content: bytes = self.filesystem.cat_file(self.key, start=start, end=end)
        except OSError as error:
            raise LogError(
                f"'{self.path}' cannot be opened ({first_line(error)}); check that it still exists and may be read."
            ) from error
        return content


def list_files(source: LogSource, place: LogPlace) -> list[LogFile]:
    """Finds the files of a source, ordered by path.

    Hidden files, and those whose name begins with `_`, are passed over, as are files of unknown kinds
    (a README, a half-written `.tmp`) when the path is a folder.

    Args:
        source: where to look.
        place: base folder and variables of the path.

    Returns:
        At least one file.

    Raises:
        LogError: when nothing is there, or the file system is not available.
    """
    address = place.resolve(source.path)
    try:
        # A path of this machine is taken as it is written: in an address, `::` would chain file systems.
        filesystem, root = fsspec.core.url_to_fs(address) if "://" in address else (fsspec.filesystem("file"), address)
        # A remote listing kept from an earlier call would hide a file that came in the meantime.
        filesystem.invalidate_cache()
        found = _entries(filesystem, root)
    except Exception as error:  # every file system has errors of its own
        raise LogError(
            f"path '{address}' cannot be looked up ({first_line(error)}); check the address and its protocol."
        ) from error
    if not found:
        raise LogError(
            f"path '{address}' holds no data file, expected a file, a glob or a folder with data; check "
            f"'path: {source.path}' (relative paths start at {place.base})."
        )
    return [_log_file(source, filesystem, key, info) for key, info in sorted(found.items())]


def _entries(filesystem: Any, root: str) -> dict[str, dict[str, Any]]:
    pattern = _pattern(filesystem, root)
    if pattern is not None:
        found = filesystem.glob(pattern, detail=True)
        return {key: info for key, info in found.items() if info["type"] == "file" and _visible(key, "")}
    if filesystem.isdir(root):
        found = filesystem.find(root, detail=True)
        return {key: info for key, info in found.items() if _visible(key, root) and _kind(key) is not None}
    return {root: filesystem.info(root)} if filesystem.exists(root) else {}


def _pattern(filesystem: Any, root: str) -> str | None:
    """The glob that a path is, None for one that exists as it is written.

    Signs of a glob in the names of folders that exist so, such as the brackets of `shop [new]/*.csv`, mean themselves.
    """
    if not any(sign in root for sign in _SIGNS) or filesystem.exists(root):
        return None
    parts = root.split("/")
    literal = 0
    while literal < len(parts) and (not parts[literal] or filesystem.exists("/".join(parts[: literal + 1]))):
        literal += 1
    kept = [re.sub(r"([*?[])", r"[\1]", part) for part in parts[:literal]]
    return "/".join([*kept, *parts[literal:]])


def _visible(key: str, root: str) -> bool:
    parts = PurePosixPath(key.removeprefix(root)).parts if root else (PurePosixPath(key).name,)
    return not any(part.startswith((".", "_")) for part in parts if part != "/")


def _kind(key: str) -> Literal["parquet", "delimited", "jsonl"] | None:
    suffixes = [suffix.lower() for suffix in PurePosixPath(key).suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    last = suffixes[-1] if suffixes else ""
    if last in _PARQUET:
        return "parquet"
    if last in _JSON:
        return "jsonl"
    return "delimited" if last in _TEXT else None


def _log_file(source: LogSource, filesystem: Any, key: str, info: dict[str, Any]) -> LogFile:
    version = next((str(info[name]) for name in _VERSIONS if info.get(name)), "")
    form = (_kind(key) or "delimited") if source.format == "auto" else source.format
    local = "file" in _protocols(filesystem)
    path = key if local else str(filesystem.unstrip_protocol(key))
    changed = info.get("mtime") if local else None
    return LogFile(path, f"{info.get('size')}-{version}", form, filesystem, key, info.get("size"), changed)


def _protocols(filesystem: Any) -> tuple[str, ...]:
    protocol = filesystem.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)
