"""ReleaseStore: releases in an object store or a shared folder, for a server that does not see our home."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
from filelock import FileLock

from serving.release.manifest import Manifest
from serving.release.permissions import permitted
from serving.release.release import MANIFEST, Release

KEPT = 5
"""Releases of a recommender that stay in a cache: live, before, candidate, and some to go back to."""


class ReleaseStore:
    """Releases under an fsspec address, as `<address>/<name>/<hash>/`.

    A release is there once its manifest is, which is sent last; nobody reads what has none. Credentials are
    those that the file system finds by itself, on either side.

    Args:
        address: such as `s3://bucket/releases` or `file:///mnt/shared/releases`.

    Raises:
        ValueError: when there is no file system for such an address here.

    Example:
        >>> store = ReleaseStore("memory://bucket/releases")  # s3://bucket/releases, or a shared folder
        >>> files = store.upload(release)
        >>> store.upload(release)  # all of it is there
        0
        >>> store.download("demo", release.hash, Path("cache")).hash == release.hash
        True
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        try:
            self._files, self._root = fsspec.core.url_to_fs(self.address)
        except (ImportError, ValueError) as error:
            raise ValueError(
                f"Releases cannot be kept at {address!r}: {error}. Install what is missing, or correct the address."
            ) from error

    def upload(self, release: Release) -> int:
        """Sends what is not there already: files that are missing, or have another size. Returns how many."""
        place = self._place(release.name, release.hash)
        self._files.invalidate_cache()
        there = {path: info["size"] for path, info in self._files.find(place, detail=True).items()}
        sizes = {name: file.size for name, file in release.manifest.files.items()}
        lacking = [name for name, size in sizes.items() if there.get(f"{place}/{name}") != size]
        # The manifest says when it was made: the same release, made twice, has two. Either will do.
        if f"{place}/{MANIFEST}" not in there or lacking:
            self._send(release.path, place, lacking)
            self._send(release.path, place, [MANIFEST])
            return len(lacking) + 1
        return 0

    def download(self, name: str, release_hash: str, cache: Path) -> Release:
        """A verified copy in a local folder; one that is there already is verified and used.

        The copy is made aside and renamed, by one process at a time. The newest few releases of a
        recommender stay.

        Args:
            name: the recommender.
            release_hash: of the release, all 64 digits.
            cache: folder of the copies, `<cache>/<name>/<hash>/`.

        Raises:
            FileNotFoundError: when the store has no such release.
            ValueError: when it is damaged there, or another one; names the file.
        """
        target = cache / name / release_hash
        with _one_at_a_time(cache / name):
            try:
                release = Release.open(target)
            except (FileNotFoundError, ValueError):  # none, or spoilt since: the store has the original
                shutil.rmtree(target, ignore_errors=True)
                release = self._copied(name, release_hash, target)
            target.touch()
            _forget(cache / name)
        return release

    def _copied(self, name: str, release_hash: str, target: Path) -> Release:
        place = self._place(name, release_hash)
        aside = Path(tempfile.mkdtemp(prefix=".aside-", dir=target.parent))
        try:
            self._get(place, aside, [MANIFEST])
            manifest = Manifest.load(aside / MANIFEST)
            if (manifest.name, manifest.hash) != (name, release_hash):
                raise ValueError(
                    f"{self.address}/{name}/{release_hash} holds the release {manifest.hash[:12]} of "
                    f"{manifest.name!r}; remove it there and deploy again."
                )
            self._get(place, aside, list(manifest.files))
            Release.open(aside)  # every checksum
            aside.chmod(permitted(0o755))
            aside.replace(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return Release(target.resolve(), manifest)

    def _get(self, place: str, folder: Path, names: list[str]) -> None:
        for name in names:
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise ValueError(f"{place}/{MANIFEST} names {name!r}, which lies outside the release; refused.")
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            self._files.get([f"{place}/{name}" for name in names], [str(folder / name) for name in names])
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{error.args[-1] if error.args else place} is not there; deploy again.") from error

    def _send(self, folder: Path, place: str, names: list[str]) -> None:
        if not self._files.async_impl:  # object stores have no folders, and may not let us make their likes
            for parent in {f"{place}/{name}".rpartition("/")[0] for name in names}:
                self._files.makedirs(parent, exist_ok=True)
        self._files.put([str(folder / name) for name in names], [f"{place}/{name}" for name in names])

    def _place(self, name: str, release_hash: str) -> Any:
        return f"{self._root.rstrip('/')}/{name}/{release_hash}"


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        yield


def _forget(folder: Path) -> None:
    copies = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    for path in sorted(copies, key=lambda copy: copy.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)
