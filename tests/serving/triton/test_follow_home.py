from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serving.client import RecommenderClient
from serving.triton.backends import KEEPER, PROGRAMS, SERVER
from serving.triton.deployment import deploy, restore
from serving.triton.follow_home import follow_home
from serving.triton.model_config import ModelTensors
from serving.triton.model_settings import ModelSettings
from serving.triton.names import model_name
from serving.triton.process import processes_of
from serving.triton.repository import write_model
from serving.triton.server import TritonServer
from serving.triton.target import TritonTarget
from tests.serving.toys import toy_release
from tests.serving.triton.conftest import know_toys

HASH = "a" * 64
TENSORS = ModelTensors({"user_id": "data_type: TYPE_INT64 dims: [ 1 ]"}, {})


def written(home: Path, root: Path) -> str:
    """The configuration of a model that was deployed to the server of a home, in the repository of another one."""
    settings = ModelSettings(decisions=str(home / "decisions"))
    path = str(home / "releases" / "shop" / HASH)
    write_model(root / "triton" / "models", "shop", HASH, path, TENSORS, settings)
    return (root / "triton" / "models" / model_name("shop", HASH) / "config.pbtxt").read_text()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / 'a "new" home'
    (home / "releases" / "shop" / HASH).mkdir(parents=True)
    return home


def test_models_look_into_the_home_that_has_their_release(tmp_path: Path, home: Path) -> None:
    """Whatever became of the old home: it may be gone, or be another one's."""
    for old in (tmp_path / "gone", home.with_name(f"{home.name}2"), home):
        written(old, home)
        follow_home(home / "triton" / "models")
        path = home / "triton" / "models" / model_name("shop", HASH) / "config.pbtxt"
        now = path.read_text()
        shutil.rmtree(path.parent)
        assert now == written(home, home), "as a deployment would have written it"
        assert [file.name for file in path.parent.glob(".*")] == []


def test_what_this_home_does_not_have_is_left_as_it_is(tmp_path: Path, home: Path) -> None:
    elsewhere = written(tmp_path / "old", home)
    shutil.rmtree(home / "releases")
    follow_home(home / "triton" / "models")
    assert written(tmp_path / "old", home) == elsewhere
    stored = elsewhere.replace(f"{tmp_path}/old/releases", "s3://bucket/other")
    path = home / "triton" / "models" / model_name("shop", HASH) / "config.pbtxt"
    path.write_text(stored)
    follow_home(home / "triton" / "models")
    assert path.read_text() == stored
    follow_home(tmp_path / "nothing" / "triton" / "models")


def by_renaming(old: Path, new: Path) -> None:
    old.rename(new)


def by_copying(old: Path, new: Path) -> None:
    """As `mv` does from one disk to another."""
    shutil.copytree(old, new)
    shutil.rmtree(old)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Where a home is, and where it is moved to; no server is left in either."""
    old, new = tmp_path / "old", tmp_path / "new"
    yield old, new
    for place in (new, old):
        TritonServer(place / "triton").stop()
    assert not processes_of(tmp_path, PROGRAMS)


@pytest.mark.triton
@pytest.mark.parametrize("move", [by_renaming, by_copying])
def test_stop_ends_the_server_of_a_home_that_was_moved_under_it(
    places: tuple[Path, Path], move: Callable[[Path, Path], None]
) -> None:
    old, new = places
    before = TritonServer(old / "triton")
    state = before.start()
    move(old, new)
    server = TritonServer(new / "triton")
    assert server.status() == state and before.status() is None
    assert server.stop() is True and server.status() is None
    assert not state.alive() and not processes_of(old / "triton", PROGRAMS) and not old.exists()
    assert not list(Path("/dev/shm").glob(f"*{before.identifier}*"))
    assert server.stop() is False


@pytest.mark.triton
def test_what_a_deleted_home_left_running_can_be_stopped(places: tuple[Path, Path]) -> None:
    server = TritonServer(places[0] / "triton")
    state = server.start()
    shutil.rmtree(places[0])
    assert server.stop() is True and not state.alive() and server.stop() is False


@pytest.mark.triton
def test_a_copy_leaves_the_server_of_the_home_alone(places: tuple[Path, Path]) -> None:
    old, new = places
    server, copy = TritonServer(old / "triton"), TritonServer(new / "triton")
    state = server.start()
    shutil.copytree(old, new)
    assert copy.status() is None and copy.stop() is False
    assert server.status() == state and state.alive()
    second = copy.start()
    assert server.status() == state and second.grpc_port != state.grpc_port


@pytest.mark.triton
def test_a_moved_home_answers_from_its_new_place(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """It was moved while the server ran; the next start, at the same ports, has left the old place."""
    know_toys(monkeypatch)
    old, new = places
    settings = ModelSettings(decisions=str(old / "decisions"))
    before = TritonServer(old / "triton")
    state = before.start()
    release = toy_release(old, "toy")
    deploy(release, TritonTarget(state.grpc_url, before.repository, settings=settings), [100, 101])
    old.rename(new)
    server = TritonServer(new / "triton")
    again = server.start()
    assert again.pid != state.pid and again.grpc_port == state.grpc_port and not state.alive()
    assert restore(TritonTarget(again.grpc_url, server.repository)) == {}
    shutil.rmtree(old)  # where the one before has written its last decisions
    with RecommenderClient(again.grpc_url, "toy") as client:
        assert client.recommend(100)[0].release == release.hash
    (process,) = processes_of(server.folder, (SERVER,))
    (keeper,) = processes_of(server.folder, (KEEPER,))
    assert process.pid == again.pid and os.fspath(old) not in " ".join(keeper.cmdline())
    server.stop()
    assert list(new.glob("decisions/toy/*/*.parquet")) and not old.exists()
