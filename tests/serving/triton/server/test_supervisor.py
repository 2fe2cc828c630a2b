"""Kills of every process of a home, on a real server."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from serving.client.client import RecommenderClient, RecommenderError
from serving.release.release import Release
from serving.request.model_names import model_name
from serving.triton.control.process import processes_of
from serving.triton.control.server_state import ServerState
from serving.triton.control.triton_error import TritonError
from serving.triton.deployment.deployment import deploy, live_release
from serving.triton.deployment.target import TritonTarget
from serving.triton.server.backends import KEEPER, PROGRAMS, SERVER, STUB
from serving.triton.server.server import TritonServer
from serving.triton.server.supervisor import is_kept
from tests.serving.toys import toy_release
from tests.serving.triton.conftest import know_toys

NAME, USERS = "kept", [100, 101, 105, -7]
pytestmark = pytest.mark.triton


class Kept:
    """A home with two releases of one recommender, the second one live."""

    def __init__(self, root: Path) -> None:
        self.server = TritonServer(root / "triton")
        self.target = TritonTarget.embedded(self.server)
        self.releases = [toy_release(root, NAME, seed=seed) for seed in range(2)]
        for release in self.releases:
            deploy(release, self.target, USERS)
        self.live = self.releases[1]

    @property
    def state(self) -> ServerState:
        state = self.server.status()
        assert state is not None
        return state

    def stub(self, release: Release) -> psutil.Process | None:
        """The living backend process of a release."""
        for process in processes_of(self.server.folder, (STUB,)):
            if f"/{model_name(NAME, release.hash)}/" in " ".join(process.cmdline()):
                return process
        return None

    def loaded(self, release: Release) -> bool:
        control = self.target.control()
        try:
            return control.parameters(model_name(NAME, release.hash)) is not None
        finally:
            control.close()

    def answering(self) -> str | None:
        """The release that answers now, if any does."""
        try:
            with RecommenderClient(self.target.grpc_url, NAME, timeout=2.0) as client:
                return client.recommend(USERS)[0].release
        except RecommenderError:
            return None

    def stop(self) -> None:
        self.server.stop()
        assert not processes_of(self.server.folder, PROGRAMS)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with pytest.MonkeyPatch.context() as patch:
        know_toys(patch)
        made = Kept(tmp_path_factory.mktemp("kept"))
        try:
            yield made
        finally:
            made.stop()


@pytest.fixture
def kept(home: Kept) -> Kept:
    """The home, as it was before the test that came first."""
    home.target = replace(home.target, grpc_url=home.server.start().grpc_url)  # new ports after a stop
    within(30, lambda: whole(home))
    return home


def within(seconds: float, what: Callable[[], object]) -> float:
    """Waits until something holds, and says how long it took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - began


@contextmanager
def load(url: str, clients: int = 3) -> Iterator[list[tuple[float, str]]]:
    """Clients that ask all the time: moment of every answer, and the release or the error."""
    stop, log = threading.Event(), list[tuple[float, str]]()

    def ask() -> None:
        with RecommenderClient(url, NAME, timeout=5.0) as client:
            while not stop.is_set():
                try:
                    said = client.recommend(USERS)[0].release
                except RecommenderError as error:
                    said = str(error)
                    time.sleep(0.02)
                log.append((time.monotonic(), said))
                time.sleep(0.002)

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield log
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def whole(kept: Kept) -> bool:
    """Whether all is as before: the same release answers, and the one before is loaded for the way back."""
    try:
        live = live_release(NAME, kept.target)
        expected = (kept.live.hash, kept.releases[0].hash)
        return live is not None and (live.hash, live.previous) == expected and kept.loaded(kept.releases[0])
    except TritonError:
        return False  # not yet


def test_a_server_that_is_killed_comes_back_with_what_was_live(kept: Kept) -> None:
    before = kept.state
    os.kill(before.pid, signal.SIGKILL)
    within(30, lambda: kept.answering() == kept.live.hash)
    after = kept.state
    assert after.pid != before.pid and after.grpc_url == before.grpc_url
    within(30, lambda: kept.loaded(kept.releases[0]))
    (keeper,) = processes_of(kept.server.folder, (KEEPER,))
    assert keeper.memory_info().rss < 60e6
    for release in kept.releases:
        assert Release.open(release.path).hash == release.hash


def test_a_backend_process_that_is_killed_comes_back_before_a_request_finds_out(kept: Kept) -> None:
    server = kept.state
    stub = kept.stub(kept.live)
    assert stub is not None
    stub.kill()
    within(30, lambda: (new := kept.stub(kept.live)) is not None and new.pid != stub.pid)
    within(30, lambda: whole(kept) and kept.answering() == kept.live.hash)
    assert kept.state == server, "the server itself was not disturbed"


def test_the_keeper_is_replaced_and_stop_ends_everything(kept: Kept) -> None:
    server = kept.state
    (keeper,) = processes_of(kept.server.folder, (KEEPER,))
    keeper.kill()
    within(5, lambda: not is_kept(kept.server.folder))
    assert kept.answering() == kept.live.hash, "nobody is hurt by that"
    assert kept.server.start() == server
    within(5, lambda: is_kept(kept.server.folder))
    assert kept.server.start() == server
    assert len(processes_of(kept.server.folder, (KEEPER,))) == 1
    os.kill(server.pid, signal.SIGKILL)
    kept.server.stop()  # while the keeper is at work
    time.sleep(1.0)
    assert not processes_of(kept.server.folder, PROGRAMS) and kept.server.status() is None


@pytest.mark.long
@pytest.mark.parametrize("program", [STUB, SERVER])
def test_kills_under_load(kept: Kept, program: str) -> None:
    with load(kept.target.grpc_url) as log:
        for _ in range(3):
            within(30, lambda: whole(kept))
            time.sleep(1.0)
            victim = kept.stub(kept.live) if program == STUB else psutil.Process(kept.state.pid)
            assert victim is not None
            killed = time.monotonic()
            victim.kill()
            time.sleep(0.5)
            within(30, lambda: kept.answering() == kept.live.hash)
            outage = max(at for at, said in log if said != kept.live.hash and at > killed) - killed
            print(f"{program} killed: errors for {outage:.1f} s")
            assert outage < 30
        time.sleep(1.0)
    said = {text.partition(";")[0].partition("message:")[2] or text for _, text in log} - {kept.live.hash}
    known = ("No Triton server answers", "serves no recommender", "is not healthy", "did not answer within")
    assert all(any(word in text for word in known) for text in said), said
    for release in kept.releases:
        assert Release.open(release.path).hash == release.hash


@pytest.mark.long
def test_a_server_that_hangs_is_ended_and_comes_back(kept: Kept) -> None:
    before = kept.state
    os.kill(before.pid, signal.SIGSTOP)
    took = within(45, lambda: kept.answering() == kept.live.hash)
    assert took > 10 and kept.state.pid != before.pid


@pytest.mark.long
def test_a_kill_in_the_middle_of_a_deployment_leaves_what_was_live(kept: Kept, tmp_path: Path) -> None:
    third = toy_release(tmp_path, NAME, seed=2)
    for delay in (0.3, 1.2, 2.2):
        killer = threading.Timer(delay, lambda: os.kill(kept.state.pid, signal.SIGKILL))
        killer.start()
        try:
            deploy(third, kept.target, USERS)
            kept.live, kept.releases[0] = third, kept.live  # it was there before the kill
            killer.join()
        except Exception as error:
            assert "stays live" in str(error) or "No Triton server" in str(error), error
        within(30, lambda: whole(kept))
        if kept.live is third:
            break
