"""What tells one content of a recommender's raw files from another."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.blueprint.portable_path import portable
from recsys_assets.tables.changed_days import ChangedDays

if TYPE_CHECKING:
    from ops_gpu.logs import EntityTable
    from ops_gpu.logs.files.listing import LogFile

FILE = "raw_files.json"
CHUNK = 1 << 24


Version = tuple[str, dict[str, Any]]
"""Data version and metadata of a raw asset."""


def log_version(changes: ChangedDays) -> Version:
    """Of the raw interactions.

    Args:
        changes: the files of the log as they are, or as they were read.
    """
    files = changes.files
    days = sorted({day for entry in files.values() for day in entry.days})
    content = [(path, entry.error, [(day, entry.version(day)) for day in entry.days]) for path, entry in files.items()]
    rows = sum(day.rows for entry in files.values() for day in entry.by_day.values())
    broken = sum(bool(entry.error) for entry in files.values())
    facts: dict[str, Any] = {"files": len(files), "rows": rows, "cannot_be_read": broken}
    facts |= {"first_day": str(days[0]), "last_day": str(days[-1])} if days else {}
    return _hash(content), facts


def table_version(blueprint: Blueprint, kind: str) -> Version | None:
    """Of the raw users or items as they are; None where they follow from the log.

    Raises:
        LogError: when there is no file at all.
    """
    table = blueprint.settings.users if kind == "users" else blueprint.settings.items
    if table is None or table.source is None:
        return None
    hashes = _table_hashes(blueprint, table, kind)
    return _hash(list(hashes.items())), {"files": len(hashes)}


def _table_hashes(blueprint: Blueprint, table: EntityTable, kind: str) -> dict[str, str]:
    """Hash of the content of each file of a table, by path; a file is read only where it was written to since."""
    from ops_gpu.logs.files.listing import list_files

    assert table.source is not None
    memory = blueprint.home.recommender(blueprint.name) / FILE
    everything = read_json(memory) or {}
    known, now = dict(everything.get(kind, {})), dict[str, list[str]]()
    for file in list_files(table.source, blueprint.place):
        path = portable(file.path, blueprint.place)
        before = known.get(path, ["", ""])
        now[path] = before if before[0] == file.fingerprint else [file.fingerprint, _content(file)]
    if now != known:
        write_json({**everything, kind: now}, memory)
    return {path: content for path, (_, content) in now.items()}


def _content(file: LogFile) -> str:
    digest, at = sha256(), 0
    while part := file.read(at, at + CHUNK):
        digest.update(part)
        at += len(part)
        if len(part) < CHUNK:
            break
    return digest.hexdigest()[:16]


def _hash(content: list[Any]) -> str:
    return sha256(repr(sorted(content, key=repr)).encode()).hexdigest()[:16]
