from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from serving.client.client import RecommenderClient
from serving.request.model_names import model_name
from serving.triton.control.process import processes_of
from serving.triton.deployment.deployment import deploy, restore
from serving.triton.deployment.target import TritonTarget
from serving.triton.repository.live_release import PARAMETER
from serving.triton.repository.model_config import ModelTensors, config_text, release_parameters
from serving.triton.repository.model_directory import place_model
from serving.triton.repository.model_settings import ModelSettings
from serving.triton.server.backends import KEEPER, PROGRAMS, SERVER
from serving.triton.server.relocation import follow_home
from serving.triton.server.server import TritonServer
from tests.serving.toys import toy_release
from tests.serving.triton.conftest import know_toys

HASH = "a" * 64
MODEL, ROUTER = model_name("shop", HASH), "shop.router-0123456789ab"
TENSORS = ModelTensors({"user_id": "data_type: TYPE_INT64 dims: [ 1 ]"}, {})


def written(home: Path, root: Path, model: str = MODEL) -> Path:
    """The configuration of a model that was deployed to the server of a home, in the repository of another one.

    By a version that named places by absolute paths; of a router, which has a log and no release of its own.
    """
    places = {"log_folder": f"{home}/decisions/shop"}
    places |= {"release_path": f"{home}/releases/shop/{HASH}"} if model == MODEL else {"url": "127.0.0.1:4001"}
    text = config_text(model, 'backend: "python"', TENSORS, 8, "", release_parameters(HASH, **places))
    return Path(place_model(root / "triton" / "models", model, text, "release"))


def told(root: Path, model: str = MODEL) -> dict[str, str]:
    text = (root / "triton" / "models" / model / "config.pbtxt").read_text(encoding="utf-8")
    return {name: value for name, value in PARAMETER.findall(text) if name in ("log_folder", "release_path", "url")}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / 'a "new" höme'
    (home / "releases" / "shop" / HASH).mkdir(parents=True)
    return home


def test_models_look_into_the_home_that_has_their_release(tmp_path: Path, home: Path) -> None:
    """Whatever became of the old home: it may be gone, or be another one's; and wherever this one comes to lie."""
    log = {"log_folder": "../decisions/shop"}
    for old in (tmp_path / "gone", home.with_name(f"{home.name}2"), home, tmp_path / "releases" / "decisions"):
        for model, places in (
            (MODEL, {"release_path": f"../releases/shop/{HASH}", **log}),
            (ROUTER, {**log, "url": ""}),
        ):
            written(old, home, model)
            for _ in range(2):
                follow_home(home / "triton" / "models")
                assert told(home, model) == places
            assert [file.name for file in (home / "triton" / "models" / model).glob(".*")] == []


def test_what_is_deployed_names_no_place_of_the_home(tmp_path: Path) -> None:
    release = toy_release(tmp_path, "toy")
    target = TritonTarget("127.0.0.1:1", tmp_path / "triton" / "models", folder=tmp_path / "triton")
    assert target.release_path(release) == f"../releases/toy/{release.hash}"
    elsewhere = replace(target, folder=tmp_path / "other" / "triton")
    assert elsewhere.release_path(release) == str(release.path)


def test_what_this_home_does_not_have_is_left_as_it_is(tmp_path: Path, home: Path) -> None:
    written(tmp_path / "old", home)
    before = told(home)
    shutil.rmtree(home / "releases")
    follow_home(home / "triton" / "models")
    assert told(home) == before
    follow_home(tmp_path / "nothing" / "triton" / "models")


def by_renaming(old: Path, new: Path) -> None:
    old.rename(new)


def by_copying(old: Path, new: Path) -> None:
    """As `mv` does from one disk to another."""
    subprocess.run(["cp", "-a", old, new], check=True)
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
    subprocess.run(["cp", "-r", old, new], check=True)
    assert copy.status() is None and copy.stop() is False
    assert server.status() == state and state.alive()
    second = copy.start()
    assert server.status() == state and second.grpc_port != state.grpc_port


@pytest.mark.long
@pytest.mark.triton
def test_a_moved_home_answers_from_its_new_place(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """It was moved while the server ran; the next start, at the same ports, has left the old place."""
    know_toys(monkeypatch)
    old, new = places
    settings = ModelSettings(decisions=str(old / "decisions"))
    before = TritonServer(old / "triton")
    state = before.start()
    release = toy_release(old, "toy")
    deploy(release, TritonTarget.embedded(before, settings), [100, 101])
    old.rename(new)
    server = TritonServer(new / "triton")
    again = server.start()
    assert again.pid != state.pid and again.grpc_port == state.grpc_port and not state.alive()
    assert restore(TritonTarget.embedded(server)) == {}
    shutil.rmtree(old)  # where the one before has written its last decisions
    with RecommenderClient(again.grpc_url, "toy") as client:
        assert client.recommend(100)[0].release == release.hash
    (process,) = processes_of(server.folder, (SERVER,))
    (keeper,) = processes_of(server.folder, (KEEPER,))
    assert process.pid == again.pid and os.fspath(old) not in " ".join(keeper.cmdline())
    server.stop()
    assert list(new.glob("decisions/toy/*/*.parquet")) and not old.exists()
