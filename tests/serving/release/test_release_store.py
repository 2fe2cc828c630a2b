from __future__ import annotations

import json
import threading
from pathlib import Path

import fsspec
import pytest

from serving.release.manifest import ReleaseMetadata
from serving.release.release import Release
from serving.release.release_store import KEPT, ReleaseStore
from tests.serving.toys import toy_release


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ReleaseStore:
    if request.param == "file":
        return ReleaseStore(f"file://{tmp_path}/bucket/releases/")
    return ReleaseStore(f"memory://{tmp_path.name}/releases")


def place(store: ReleaseStore, release: Release) -> str:
    return f"{store.address}/{release.name}/{release.hash}"


def test_what_is_sent_comes_back_whole(store: ReleaseStore, tmp_path: Path) -> None:
    release = toy_release(tmp_path)
    assert store.upload(release) == len(release.manifest.files) + 1
    assert store.upload(release) == 0
    copy = store.download(release.name, release.hash, tmp_path / "cache")
    assert copy.path == (tmp_path / "cache" / release.name / release.hash).resolve()
    assert copy.manifest == release.manifest
    with fsspec.open(f"{place(store, release)}/manifest.json", "wb") as file:
        file.write(b"spoilt")  # type: ignore[attr-defined]
    assert store.download(release.name, release.hash, tmp_path / "cache").hash == release.hash  # the copy is enough


def test_an_upload_that_broke_off_is_no_release_and_goes_on_where_it_stopped(
    store: ReleaseStore, tmp_path: Path
) -> None:
    release = toy_release(tmp_path)
    store.upload(release)
    fs, path = fsspec.core.url_to_fs(place(store, release))
    fs.rm(f"{path}/manifest.json")
    fs.pipe_file(f"{path}/snapshot/total.npy", b"half")
    with pytest.raises(FileNotFoundError, match=r"manifest\.json is not there; deploy again"):
        store.download(release.name, release.hash, tmp_path / "cache")
    assert store.upload(release) == 2
    assert store.download(release.name, release.hash, tmp_path / "cache").hash == release.hash


def test_the_manifest_is_the_last_to_be_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release, store = toy_release(tmp_path), ReleaseStore(f"memory://{tmp_path.name}/last")
    sent: list[str] = []
    put = type(store._files).put_file

    def noted(self: object, source: str, target: str, **more: object) -> None:
        sent.append(Path(source).name)
        put(self, source, target, **more)

    monkeypatch.setattr(type(store._files), "put_file", noted)
    store.upload(release)
    assert len(sent) == len(release.manifest.files) + 1
    assert sent[-1] == "manifest.json"


def test_damage_in_the_store_is_refused_and_named(store: ReleaseStore, tmp_path: Path) -> None:
    release = toy_release(tmp_path)
    store.upload(release)
    fs, path = fsspec.core.url_to_fs(f"{place(store, release)}/snapshot/total.npy")
    data = fs.cat_file(path)
    fs.pipe_file(path, data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ValueError, match=r"total\.npy is damaged"):
        store.download(release.name, release.hash, tmp_path / "cache")
    assert not [p for p in (tmp_path / "cache" / release.name).iterdir() if p.name != ".lock"]


def test_damage_in_the_cache_is_mended_from_the_store(store: ReleaseStore, tmp_path: Path) -> None:
    release = toy_release(tmp_path)
    store.upload(release)
    copy = store.download(release.name, release.hash, tmp_path / "cache")
    (copy.path / "snapshot" / "total.npy").write_bytes(b"")
    assert store.download(release.name, release.hash, tmp_path / "cache").hash == release.hash


def test_another_release_in_its_place_is_refused(store: ReleaseStore, tmp_path: Path) -> None:
    release, other = (toy_release(tmp_path, seed=seed) for seed in range(2))
    store.upload(other)
    fs, path = fsspec.core.url_to_fs(place(store, other))
    fs.copy(path, place(store, release).rpartition("/")[0].partition("://")[2] + f"/{release.hash}", recursive=True)
    with pytest.raises(ValueError, match=rf"holds the release {other.hash[:12]}"):
        store.download(release.name, release.hash, tmp_path / "cache")


def test_a_manifest_reaches_nothing_outside(store: ReleaseStore, tmp_path: Path) -> None:
    release = toy_release(tmp_path)
    store.upload(release)
    fs, path = fsspec.core.url_to_fs(f"{place(store, release)}/manifest.json")
    manifest = json.loads(fs.cat_file(path))
    manifest["files"]["../../../evil.txt"] = {"sha256": "0", "size": 4}
    fs.pipe_file(path, json.dumps(manifest).encode())
    with pytest.raises(ValueError, match=r"evil\.txt', which lies outside the release"):
        store.download(release.name, release.hash, tmp_path / "cache")
    assert not list(tmp_path.rglob("evil.txt"))


def test_processes_that_want_the_same_release_share_one_copy(tmp_path: Path) -> None:
    release, store = toy_release(tmp_path), ReleaseStore(f"file://{tmp_path}/bucket")
    store.upload(release)
    found: list[Path] = []
    asked = [
        threading.Thread(
            target=lambda: found.append(
                ReleaseStore(store.address).download(release.name, release.hash, tmp_path / "cache").path
            )
        )
        for _ in range(4)
    ]
    for thread in asked:
        thread.start()
    for thread in asked:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1


def test_a_cache_keeps_the_newest_few(tmp_path: Path) -> None:
    first = toy_release(tmp_path)
    store = ReleaseStore(f"memory://{tmp_path.name}/many")
    releases = [
        Release.write(
            _parts(first, tmp_path), tmp_path / "more", first.name, ReleaseMetadata(code_version=str(version))
        )
        for version in range(KEPT + 2)
    ]
    for release in releases:
        store.upload(release)
        store.download(release.name, release.hash, tmp_path / "cache")
    kept = {path.name for path in (tmp_path / "cache" / first.name).iterdir() if path.is_dir()}
    assert kept == {release.hash for release in releases[2:]}


def _parts(release: Release, root: Path) -> Path:
    folder = root / "only_parts"
    for name in release.manifest.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((release.path / name).read_bytes())
    return folder


def test_an_address_without_a_file_system_says_so() -> None:
    with pytest.raises(ValueError, match="Releases cannot be kept at 'nosuch://bucket/releases'"):
        ReleaseStore("nosuch://bucket/releases")
