"""The releases of one recommender in their folder: one writer at a time, the newest kept, others taken away."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from serving.release.holding import Holding, size_of
from serving.release.manifest import Manifest

ASIDE = ".aside-"
MANIFEST = "manifest.json"
_HASH = re.compile(r"[0-9a-f]{64}")


@contextlib.contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Nobody else writes or removes releases of a folder meanwhile, over all processes; a thread may enter again.

    Args:
        folder: of the recommender's releases.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f".{folder.name}.lock", is_singleton=True):
        yield


def take_away(path: Path) -> Path:
    """Renames something to where nobody looks for it; whoever has its files open keeps them.

    Returns:
        Where it lies now, to be deleted; after a crash, whoever cleans up next does so.

    Raises:
        OSError: when it cannot be renamed; it is where it was.
    """
    away = Path(tempfile.mkdtemp(prefix=ASIDE, dir=path.parent))
    try:
        path.replace(away / path.name)
    except OSError:
        away.rmdir()
        raise
    return away


def pool(folder: Path, keep: int, needed: Mapping[str, str]) -> list[Holding]:
    """The releases of a folder, the newest first, and which of them go.

    Those go that are older than the newest so many whole ones, unless they are needed. A damaged one takes nobody's
    place, and goes as one of its age does. Half of what a writer left behind goes. Whatever else lies there is left
    alone, and not told of.

    Args:
        folder: of the recommender's releases.
        keep: how many.
        needed: why a release is needed, by its hash.
    """
    paths = [path for path in _entries(folder) if _HASH.fullmatch(path.name) and not path.is_symlink()]
    newest_first = sorted(((*_looked_at(path), path) for path in paths), reverse=True)
    holdings, whole = [], 0
    for made, problem, path in newest_first:
        old = whole >= keep
        whole += not problem
        why = needed.get(path.name) or (f"older than the newest {keep}" if old else f"one of the newest {keep}")
        damaged = f"; damaged: {problem}" if problem else ""
        goes = old and path.name not in needed
        holdings.append(Holding(path, "release", made, size_of(path), goes, f"{why}{damaged}"))
    aside = [path for path in _entries(folder) if path.name.startswith(ASIDE)]
    return holdings + [Holding.going(path, "leftover", "left by a process that was ended") for path in sorted(aside)]


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _looked_at(path: Path) -> tuple[datetime, str]:
    """When a release was made, and what is wrong with it as far as a glance can tell: no file is read."""
    try:
        manifest = Manifest.load(path / MANIFEST)
        made = datetime.fromisoformat(manifest.created)
        made = made if made.tzinfo else made.replace(tzinfo=UTC)
    except (ValueError, OSError):
        return datetime.fromtimestamp(path.lstat().st_mtime, UTC), f"{MANIFEST} cannot be read"
    for name, file in manifest.files.items():
        try:
            size = (path / name).stat().st_size
        except OSError:
            return made, f"{name} is missing"
        if size != file.size:
            return made, f"{name} has {size} bytes, expected {file.size}"
    return made, ""
