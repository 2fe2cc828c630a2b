"""A Triton of the user's own: another server in another folder, which sees nothing where we do."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from resources.triton import TritonResource
from serving.client.client import RecommenderClient
from serving.release.manifest import ReleaseMetadata
from serving.release.release import Release
from serving.triton.control.process import processes_of
from serving.triton.deployment.promotion import DeploymentError
from serving.triton.server.backends import PROGRAMS, SERVER, wheel_folder
from serving.triton.server.server import TritonServer
from serving.triton.server.server_process import ServerProcess
from tests.serving.whole_release import whole_release

pytestmark = pytest.mark.triton
USERS = [1, 2, 3, 777]
KEY = "operator=only-we-know"
LOCKED = f"model-repository,shared-memory,trace,logging:{KEY}"
CONTAINER = Path(__file__).parents[2] / "docs" / "triton.Containerfile"


class TheirProcess(ServerProcess):
    """Started with the flags of `docs/triton.Containerfile`, and with its model control locked."""

    def _command(self, ports: tuple[int, int]) -> list[str]:
        _, *flags = super()._command(ports)
        program = str(wheel_folder() / "bin" / SERVER)
        entry = re.search(r"^ENTRYPOINT (\[.*?\])$", CONTAINER.read_text(), re.DOTALL | re.MULTILINE)
        assert entry is not None
        given = json.loads(entry[1].replace("\\\n", ""))[1:]
        container = [flag for flag in given if "repository=" not in flag and "http-address=" not in flag]
        locked = f"--grpc-restricted-protocol={LOCKED}"
        return [program, *{flag.partition("=")[0]: flag for flag in [*flags, *container, locked]}.values()]


class TheirServer(TritonServer):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._process = TheirProcess(self.folder)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ours")


@pytest.fixture(scope="module")
def releases(home: Path) -> tuple[Release, Release]:
    first = whole_release(home, two_tower=12, popular=9, co_occurrence=10).release
    second = Release.write(home / "parts", home / "releases", first.name, ReleaseMetadata(code_version="next"))
    return first, second


@pytest.fixture
def theirs(home: Path, releases: object, tmp_path: Path) -> Iterator[Path]:
    """A folder with their server's files; what is shared with us has other paths there."""
    shutil.copytree(home / "feast", tmp_path / "features")
    server = TheirServer(tmp_path / "triton")
    server.start()
    (tmp_path / "mounted").symlink_to(server.repository)
    yield tmp_path
    server.stop()
    assert not processes_of(server.folder, PROGRAMS)


def remote(theirs: Path, **more: object) -> TritonResource:
    state = TheirServer(theirs / "triton").status()
    assert state is not None
    return TritonResource(
        address=f"localhost:{state.grpc_port}",
        repository=str(theirs / "mounted"),
        feast=str(theirs / "features"),
        decisions=str(theirs / "decisions"),
        control_key="operator=${TRITON_OPERATOR}",
        **more,
    )


def answering(triton: TritonResource) -> str:
    with triton.client("whole") as client:
        known, unknown = client.recommend([1, 777], k=5)
    assert (known.source, unknown.source) == ("personalized", "popular")
    assert len(known.items) == 5
    return known.release


def eventually(folder: Path, pattern: str) -> pl.DataFrame:
    deadline = time.monotonic() + 20
    while not (files := list(folder.glob(pattern))):
        assert time.monotonic() < deadline, f"nothing came to {folder / pattern}"
        time.sleep(0.1)
    return pl.read_parquet(files[0])


@pytest.mark.long
def test_releases_through_an_object_store(
    theirs: Path, home: Path, releases: tuple[Release, Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(home))
    monkeypatch.setenv("TRITON_OPERATOR", KEY.partition("=")[2])
    first, second = releases
    cache, bucket = theirs / "cache", theirs / "bucket"
    triton = remote(theirs, releases=f"file://{bucket}", release_cache=str(cache))
    assert triton.live("whole") is None
    triton.deploy(first, USERS)
    assert triton.deploy(second, USERS).previous == first.hash
    assert answering(triton) == second.hash
    assert triton.rollback("whole").hash == first.hash
    assert answering(triton) == first.hash
    for place in (bucket, cache):
        assert {path.name for path in (place / "whole").glob("[!.]*")} == {first.hash, second.hash}
    texts = [path.read_text() for path in (theirs / "triton/models").glob("*/config.pbtxt")]
    assert len(texts) == 3 and not any(str(home) in text for text in texts)
    logged = eventually(theirs / "decisions/whole", f"day=*/[!.]*-{first.hash[:12]}-*.parquet")
    assert set(logged["release"]) == {first.hash}


@pytest.mark.long
@pytest.mark.parametrize("form", ["fused", "ensemble"])
def test_a_shadow_and_a_restart_without_us(
    theirs: Path, home: Path, releases: tuple[Release, Release], form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(home))
    monkeypatch.setenv("TRITON_OPERATOR", KEY.partition("=")[2])
    first, second = releases
    cache, bucket = theirs / "cache", theirs / "bucket"
    triton = remote(theirs, releases=f"file://{bucket}", release_cache=str(cache), form=form, group_by="stage")
    for release in (second, first):
        triton.deploy(release, USERS)
    triton.roll_out(second, USERS, shadow=1.0)
    answering(triton)
    shown = eventually(theirs / "decisions/whole/shadow", "day=*/[!.]*.parquet")
    assert set(shown["candidate"]) == {second.hash} and shown["error"].null_count() == shown.height
    triton.end_rollout("whole")
    server = TheirServer(theirs / "triton")
    server.stop()
    shutil.rmtree(bucket)
    server.start()
    again = remote(theirs, releases=f"file://{bucket}", release_cache=str(cache))
    assert answering(again) == first.hash
    live = again.live("whole")
    assert live is not None and (live.hash, live.previous) == (first.hash, second.hash)


def test_releases_in_a_shared_folder_of_another_name(
    theirs: Path, home: Path, releases: tuple[Release, Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(home))
    monkeypatch.setenv("TRITON_OPERATOR", KEY.partition("=")[2])
    shutil.copytree(home / "releases", theirs / "theirs" / "releases")
    triton = remote(theirs, releases=str(theirs / "theirs" / "releases"))
    triton.deploy(releases[0], USERS)
    assert answering(triton) == releases[0].hash
    texts = [path.read_text() for path in (theirs / "triton/models").glob("*/config.pbtxt")]
    assert not any(str(home) in text for text in texts)
    with pytest.raises(DeploymentError, match="keeps model control locked, and our `control_key` is not its key"):
        triton.model_copy(update={"control_key": "operator=guessed"}).deploy(releases[1], USERS)
    with RecommenderClient(str(triton.address), "whole") as client:  # applications need no key
        assert client.recommend(1)[0].release == releases[0].hash
