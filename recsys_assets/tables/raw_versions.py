"""What tells one content of a recommender's raw files from another, by the external asset that stands for them."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from recsys_assets.blueprint.asset_names import RAW
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.blueprint.portable_path import portable
from recsys_assets.tables.source_files import SourceFiles

if TYPE_CHECKING:
    from ops_gpu.logs import EntityTable
    from ops_gpu.logs.files.listing import LogFile

FILE = "raw_files.json"
CHUNK = 1 << 24


def raw_versions(found: SourceFiles) -> dict[str, tuple[str, dict[str, Any]]]:
    """Data version and metadata of each raw asset of a recommender.

    Args:
        found: its files.

    Raises:
        LogError: when a source has no file at all.
    """
    blueprint, files = found.blueprint, found.changes.files
    days = sorted({day for entry in files.values() for day in entry.days})
    content = [(path, entry.error, [(day, entry.version(day)) for day in entry.days]) for path, entry in files.items()]
    rows = sum(day.rows for entry in files.values() for day in entry.by_day.values())
    facts: dict[str, Any] = {"files": len(files), "rows": rows, "cannot_be_read": len(found.broken)}
    facts |= {"first_day": str(days[0]), "last_day": str(days[-1])} if days else {}
    versions = {RAW["interactions"]: (_hash(content), facts)}
    for kind, table in (("users", blueprint.settings.users), ("items", blueprint.settings.items)):
        if table is not None and table.source is not None:
            hashes = _table_hashes(blueprint, table, kind)
            versions[RAW[kind]] = _hash(list(hashes.items())), {"files": len(hashes)}
    return versions


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
