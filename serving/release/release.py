"""Release: everything that answers a request, in one directory that is written once."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from serving.release.built_with import agreed
from serving.release.checksums import checksums, hash_release
from serving.release.manifest import Manifest, ReleaseMetadata
from serving.release.permissions import permitted
from serving.release.release_pool import ASIDE, MANIFEST, one_writer, take_away

__all__ = ["MANIFEST", "Release"]

T = TypeVar("T")
EXECUTABLE = frozenset({".pkl", ".pickle", ".joblib", ".dill", ".py", ".pyc", ".so", ".sh"})


class Release:
    """An immutable directory `<root>/<name>/<hash>` with a manifest; made by `write`, read by `open`.

    The hash covers the content of all files and the lineage, and nothing that depends on the clock: the
    same parts give the same release, wherever and whenever they are written. Objects that several operators
    read (workflow, item state) are loaded once a `Release`; see `shared`.

    Args:
        path: the release's directory.
        manifest: its manifest.

    Attributes:
        beside: folder of what operators name by relative paths outside the release (a Feast repository),
            where this machine has it elsewhere than those paths lead; None for as they lead.

    Example:
        >>> release = Release.write(parts, home.releases, "demo", ReleaseMetadata(code_version="1a2b"))
        >>> Release.open(release.path).hash == release.hash
        True
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self.beside: Path | None = None
        self._shared: dict[str, Any] = {}
        self._lock = threading.RLock()

    @property
    def name(self) -> str:
        """The recommender."""
        return self.manifest.name

    @property
    def hash(self) -> str:
        """Content hash, 64 hexadecimal digits."""
        return self.manifest.hash

    @property
    def built_with(self) -> dict[str, str]:
        """Hashes that all parts agree on (`workflow`, `retrieval_model`)."""
        return dict(self.manifest.built_with)

    def part(self, name: str) -> Path:
        """Path of a part (folder or file) by its relative path.

        Raises:
            FileNotFoundError: when the release has no such part.
        """
        path = self.path / name
        if name not in self.manifest.files and not any(f.startswith(f"{name}/") for f in self.manifest.files):
            parts = sorted({file.partition("/")[0] for file in self.manifest.files})
            raise FileNotFoundError(
                f"The release {self.hash[:12]} of {self.name!r} has no part {name!r}; it has {', '.join(parts)}."
            )
        return path

    def outside(self, path: str) -> Path:
        """Where something lies that the release reads but does not hold: by a path relative to its directory.

        Where `beside` is set, only the last name of a relative path counts; absolute ones stay as they are.
        """
        if self.beside is not None and not Path(path).is_absolute():
            return self.beside / Path(path).name
        # Without `..`: to whoever reads there, the release's folder would have to be there as long as it is loaded.
        return Path(os.path.normpath(self.path / path))

    def shared(self, part: str, load: Callable[[Path], T]) -> T:
        """What `load` makes of a part, made once for all operators of this release.

        Args:
            part: relative path of the part.
            load: reads it, such as `Workflow.load`; the same one for the same part.
        """
        with self._lock:
            if part not in self._shared:
                self._shared[part] = load(self.part(part))
            value: T = self._shared[part]
            return value

    @classmethod
    def open(cls, path: Path) -> Release:
        """Opens a release after checking every file.

        Raises:
            FileNotFoundError: when the directory is no release, or a file of it is missing.
            ValueError: when a file was changed or added, or parts do not belong together; names the file.
        """
        path = Path(path).resolve()
        manifest = Manifest.load(path / MANIFEST)
        _check_files(path, manifest)
        if hash_release(dict(manifest.files), _lineage(manifest.name, manifest.metadata)) != manifest.hash:
            raise ValueError(
                f"{path / MANIFEST} does not match its hash {manifest.hash[:12]}: the lineage in it was "
                f"changed; build the release anew."
            )
        agreed(path)
        return cls(path, manifest)

    @classmethod
    def write(cls, parts: Path, root: Path, name: str, metadata: ReleaseMetadata) -> Release:
        """Copies parts into a new release; returns the existing one where content and lineage are the same.

        An existing one that is damaged is replaced.

        The directory is built aside and renamed, so a release is there as a whole or not at all.

        Args:
            parts: folder with `ensemble.json` and one folder a part.
            root: folder of all releases (`<home>/releases`).
            name: the recommender.
            metadata: lineage and quality.

        Raises:
            ValueError: when parts do not belong together, or a file could execute code when loaded.
        """
        _check_parts(parts)
        built_with = agreed(parts)
        files = checksums(parts)
        release_hash = hash_release(files, _lineage(name, metadata))
        target = root.resolve() / name / release_hash
        created = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = Manifest(name, release_hash, created, metadata, built_with, files)
        with one_writer(target.parent):  # what lies aside then is of nobody who still writes
            if (target / MANIFEST).exists():
                with contextlib.suppress(ValueError, FileNotFoundError):  # damaged since; the same parts mend it
                    return cls.open(target)
            _write_aside(parts, target, manifest)
            return cls.open(target)


def _write_aside(parts: Path, target: Path, manifest: Manifest) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=ASIDE, dir=target.parent))
    try:
        shutil.copytree(parts, aside, dirs_exist_ok=True, copy_function=shutil.copyfile)
        manifest.save(aside / MANIFEST)
        _check_files(aside, manifest)  # what was copied is what was hashed
        _protect(aside)
        if (target / MANIFEST).exists():  # damaged
            shutil.rmtree(take_away(target), ignore_errors=True)
        _place(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _lineage(name: str, metadata: ReleaseMetadata) -> dict[str, Any]:
    return {"name": name, **metadata.lineage()}


def _check_parts(parts: Path) -> None:
    if not (parts / "ensemble.json").is_file():
        raise ValueError(f"{parts} has no ensemble.json; save the ensemble there before writing the release.")
    for file in parts.rglob("*"):
        if file.suffix in EXECUTABLE:
            raise ValueError(f"{file} could execute code when loaded; a release holds data only: remove it.")


def _check_files(path: Path, manifest: Manifest) -> None:
    found = checksums(path, leave_out=frozenset({MANIFEST}))
    for name, expected in manifest.files.items():
        if name not in found:
            raise FileNotFoundError(f"{path / name} is missing from the release; build the release anew.")
        if found[name] != expected:
            raise ValueError(
                f"{path / name} is damaged: expected {expected.size} bytes with SHA-256 "
                f"{expected.sha256[:12]}, found {found[name].size} bytes with {found[name].sha256[:12]}; "
                f"build the release anew."
            )
    added = sorted(set(found) - set(manifest.files))
    if added:
        raise ValueError(f"{path / added[0]} does not belong to the release; remove it.")


def _place(aside: Path, target: Path) -> None:
    try:
        aside.replace(target)
    except OSError as error:  # the place is taken, and not by a release: there is one writer
        raise FileExistsError(f"{target} exists, but is no whole release; remove it, try again.") from error


def _protect(folder: Path) -> None:
    """Read-only files, so that nothing edits a release by mistake."""
    folder.chmod(permitted(0o755))  # made aside, for the owner alone
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(permitted(0o444))
