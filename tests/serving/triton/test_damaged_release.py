"""A release whose files are not what they were: refused with the file named, and what is live goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serving.client.client import RecommenderClient
from serving.release.release import MANIFEST, Release
from serving.request.model_names import model_name
from serving.triton.deployment.deployment import DeploymentError, deploy, live_release, restore, rollback
from serving.triton.deployment.target import TritonTarget
from serving.triton.repository.live_release import LiveRelease
from tests.serving.toys import toy_release

USERS = [100, 101, -7]


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def link(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/null")


def add(file: Path) -> None:
    file.with_name(f"{file.name}.more").touch()


DAMAGES: tuple[Callable[[Path], None], ...] = (flip, cut, empty, Path.unlink, link, add)


def damaged(release: Release, to: Path, files: list[str]) -> Iterator[tuple[str, Release]]:
    """Copies of a release in which one of the files has been damaged in one way, with that file's name."""
    for name in files:
        for number, damage in enumerate(DAMAGES):
            if name == MANIFEST and damage is flip:  # it also says when it was written, which may be anything
                continue
            copy = to / f"{name.replace('/', '-')}-{number}" / release.name / release.hash
            shutil.copytree(release.path, copy)
            (copy / name).chmod(0o644)
            damage(copy / name)
            yield name, Release(copy, release.manifest)


def test_whatever_happened_to_a_file_is_found_and_the_file_named(tmp_path: Path) -> None:
    release = toy_release(tmp_path)
    files = [*release.manifest.files, MANIFEST]
    copies = list(damaged(release, tmp_path / "copies", files))
    assert len(copies) == len(files) * len(DAMAGES) - 1 > 50
    for name, copy in copies:
        with pytest.raises((ValueError, FileNotFoundError)) as refused:
            Release.open(copy.path)
        assert Path(name).name in str(refused.value), (name, copy.path)


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_same_parts_mend_a_damaged_release(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    release = toy_release(tmp_path)
    for name in ("snapshot/total.npy", MANIFEST):
        if name == MANIFEST and damage in (flip, Path.unlink):  # of no consequence; no release at all
            continue
        (release.path / name).chmod(0o644)
        damage(release.path / name)
        again = Release.write(tmp_path / "parts-toy-0", tmp_path / "releases", "toy", release.manifest.metadata)
        assert again.hash == Release.open(release.path).hash == release.hash
    assert [path.name for path in release.path.parent.iterdir()] == [release.hash]


@pytest.mark.long
@pytest.mark.triton
def test_a_server_loads_no_damaged_release_and_goes_on_with_the_live_one(target: TritonTarget, tmp_path: Path) -> None:
    live, other = (toy_release(tmp_path, "spoilt", seed=seed) for seed in range(2))
    deploy(live, target, USERS)
    models = {path.name for path in target.repository.glob("spoilt*")}
    with RecommenderClient(target.grpc_url, "spoilt") as client:
        right = client.recommend(USERS)
        for name, copy in damaged(other, tmp_path / "copies", ["snapshot/total.npy"]):
            with pytest.raises(DeploymentError) as refused:
                deploy(copy, target, USERS)
            assert f"{live.hash[:12]} stays live" in str(refused.value) and Path(name).name in str(refused.value)
            assert [answer.items for answer in client.recommend(USERS)] == [answer.items for answer in right]
        assert live_release("spoilt", target).hash == right[0].release == live.hash  # type: ignore[union-attr]
        assert {path.name for path in target.repository.glob("spoilt*")} == models
        assert deploy(other, target, USERS).previous == live.hash


@pytest.mark.triton
def test_a_live_release_that_was_damaged_can_be_left_for_the_one_before(target: TritonTarget, tmp_path: Path) -> None:
    """Its process has ended, and it cannot be loaded again: nothing answers."""
    before, live = (toy_release(tmp_path, "worn", seed=seed) for seed in range(2))
    for release in (before, live):
        deploy(release, target, USERS)
    with RecommenderClient(target.grpc_url, "worn") as client, target.connected() as control:
        for model in ("worn", model_name("worn", live.hash), model_name("worn", before.hash)):
            control.unload(model)
        file = live.path / "snapshot" / "total.npy"
        file.chmod(0o644)
        flip(file)
        assert "total.npy" in restore(target)["worn"] and live_release("worn", target) is None
        wanted = LiveRelease("worn", live.hash, before.hash)
        assert LiveRelease.written(target.repository, "worn") == wanted
        assert rollback(before, target) == LiveRelease("worn", before.hash, live.hash)
        assert {answer.release for answer in client.recommend(USERS)} == {before.hash}
    assert LiveRelease.written(target.repository, "nobody") is None
