"""A disk that is full while a release is written and deployed: nothing of it is seen, and later it goes live."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Any

import pytest

from serving.client.client import RecommenderClient
from serving.release.release import Release
from serving.triton.deployment.deployment import DeploymentError, deploy, live_release
from serving.triton.deployment.target import TritonTarget
from serving.triton.repository.model_config import ModelTensors
from serving.triton.repository.model_directory import replace_config, write_model
from serving.triton.repository.model_settings import ModelSettings
from serving.triton.repository.released_model import ReleasedModel
from serving.triton.server.server import TritonServer
from tests.serving.toys import toy_ensemble, toy_release
from tests.serving.triton.conftest import know_toys

MB, PAGE = 2**20, 4096
USERS = [100, 101, -7]


class Disk:
    """A file system of a few MB, and what fills it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._filler = folder, folder / "filler"

    def fill(self, left: int) -> None:
        """Leaves so many pages."""
        self.free()
        with self._filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(64 * PAGE))
            except OSError:
                file.truncate(self._filler.stat().st_size // PAGE * PAGE - left * PAGE)

    def free(self) -> None:
        """Takes away what fills it."""
        self._filler.unlink(missing_ok=True)

    def seen(self) -> list[str]:
        """All that lies in it."""
        return sorted(str(path) for path in self.folder.rglob("*") if path != self._filler and path.suffix != ".lock")


class RefusingDisk(Disk):
    """A folder in which no more files and folders can be made: what a full disk says, where none can be mounted."""

    _left: float = inf

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        sys.addaudithook(self._made)  # stays as long as the process; one that is freed refuses nothing

    def fill(self, left: int) -> None:
        """Lets so many be made."""
        self._left = left

    def free(self) -> None:
        """Lets any number be made."""
        self._left = inf

    def _made(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._left == inf or event not in ("open", "os.mkdir") or not self._is_mine(arguments[0]):
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR):
            return
        if self._left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(arguments[0]))
        self._left -= 1

    def _is_mine(self, path: Any) -> bool:
        """Locks are left out: they are there already, and hold nothing."""
        text = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        return text.startswith(str(self.folder)) and not text.endswith(".lock")


def mounted(folder: Path, megabytes: int = 4) -> bool:
    """Mounts a small file system; False where this user may not."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", folder], check=True)


def may_mount() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        done = mounted(Path(folder))
        if done:
            unmount(Path(folder))
        return done


@pytest.fixture(params=["refusing", *(["mounted"] if may_mount() else [])])
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "refusing":
        refusing = RefusingDisk(folder)
        yield refusing
        refusing.free()
        return
    assert mounted(folder, 4 if request.node.get_closest_marker("triton") is None else 64)  # a server lies in its home
    yield Disk(folder)
    unmount(folder)


def test_a_release_is_there_as_a_whole_or_not_at_all(disk: Disk, tmp_path: Path) -> None:
    made = toy_release(tmp_path / "elsewhere")
    parts, metadata = tmp_path / "elsewhere" / "parts-toy-0", made.manifest.metadata
    root, failed = disk.folder / "releases", 0
    for left in range(100):
        disk.fill(left)
        try:
            Release.write(parts, root, "toy", metadata)
            break
        except OSError as error:
            assert "No space left" in str(error)
            assert not (root / "toy").exists() or list((root / "toy").iterdir()) == [], left
            failed += 1
    assert failed > 5 and Release.open(root / "toy" / made.hash).hash == made.hash


def test_models_are_there_as_a_whole_or_not_at_all(disk: Disk) -> None:
    ensemble, models = toy_ensemble(), disk.folder / "models"
    tensors = ModelTensors.of(ensemble.inputs, ensemble.outputs)
    disk.fill(0)
    with pytest.raises(OSError, match="No space left"):
        replace_config(models, "toy", "new")
    assert not (models / "toy").exists()
    disk.free()
    replace_config(models, "toy", "old")
    before, failed = disk.seen(), 0
    for left in range(100):
        disk.fill(left)
        try:
            write_model(models, ReleasedModel("toy", "0" * 64, "/there", tensors, ModelSettings()))
            break
        except OSError as error:
            assert "No space left" in str(error) and disk.seen() == before, left
            failed += 1
    assert failed > 1
    disk.fill(0)
    with pytest.raises(OSError, match="No space left"):
        replace_config(models, "toy", "new")
    assert (models / "toy" / "config.pbtxt").read_text() == "old" and not (models / "toy" / ".config.pbtxt").exists()


@pytest.mark.long
@pytest.mark.triton
def test_what_was_live_stays_live_and_the_release_goes_live_once_there_is_space(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know_toys(monkeypatch)
    home = TritonServer(disk.folder / "triton")
    try:
        target = TritonTarget.embedded(home)
        live, next_one = (toy_release(tmp_path, "full", seed=number) for number in range(2))
        deploy(live, target, USERS)
        models = {path.name for path in home.repository.iterdir()}
        with RecommenderClient(target.grpc_url, "full") as client:
            for left in range(50):
                disk.fill(left)
                try:
                    deploy(next_one, target, USERS)
                    break
                except DeploymentError as error:
                    assert f"{live.hash[:12]} stays live" in str(error) and "No space left" in str(error)
                assert live_release("full", target).hash == client.recommend(100)[0].release == live.hash  # type: ignore[union-attr]
                assert {path.name for path in home.repository.iterdir()} == models, left
            assert left > 2 and client.recommend(100)[0].release == next_one.hash
    finally:
        home.stop()
