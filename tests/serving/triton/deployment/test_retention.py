"""Which releases and models go, while others deploy; the server holds no models."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.release.holding import Holding
from serving.release.release import Release
from serving.request.model_names import model_name
from serving.triton.deployment import promotion, retention
from serving.triton.deployment.deployment import DeploymentError, deploy, live_release, rollback
from serving.triton.deployment.offer import offer
from serving.triton.deployment.retention import clean_up
from serving.triton.deployment.rollout import roll_out
from serving.triton.deployment.target import TritonTarget
from serving.triton.repository.names import changing
from tests.serving.toys import toy_release
from tests.serving.triton.fake_control import FakeControl, dated, fake_server

USERS = [100, -7]
Server = tuple[TritonTarget, FakeControl]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with fake_server(tmp_path) as made:
        yield made


@pytest.fixture
def releases(tmp_path: Path) -> list[Release]:
    """Seven, a day apart, the oldest first."""
    return dated(toy_release(tmp_path, seed=seed) for seed in range(7))


def cleaned(
    server: Server, releases: list[Release], keep: int = 2, needed: dict[str, str] | None = None, **more: Any
) -> list[Holding]:
    target, control = server
    folder = releases[0].path.parent
    given: dict[str, Any] = {"control": control} | more
    return clean_up("toy", folder, target.repository, keep, lambda: needed or {}, **given)


def left(releases: list[Release]) -> list[int]:
    """Numbers of those that are still there; nothing else may lie beside them."""
    folders = {path.name for path in releases[0].path.parent.iterdir() if path.is_dir()}
    assert folders <= {release.hash for release in releases}
    return [number for number, release in enumerate(releases) if release.path.is_dir()]


def reasons(holdings: list[Holding]) -> dict[str, str]:
    return {holding.path.name: holding.why for holding in holdings}


def test_whatever_answers_or_may_soon_stays(server: Server, releases: list[Release]) -> None:
    target, _ = server
    for number in (0, 1):
        deploy(releases[number], target, USERS)
    roll_out(releases[2], target, USERS, canary=0.1)
    offer(releases[3], target, USERS)
    found = cleaned(server, releases, keep=1)
    why = reasons(found)
    assert [why[releases[number].hash] for number in range(4)] == ["the one before", "live", "being tried", "waits"]
    assert left(releases) == [0, 1, 2, 3, 6]
    assert rollback(releases[0], target).hash == releases[0].hash, "the way back is there"


def test_a_dry_run_removes_nothing_and_waits_for_nobody(server: Server, releases: list[Release]) -> None:
    target, _ = server
    deploy(releases[0], target, USERS)
    with changing(target.repository, "toy"):
        found = cleaned(server, releases, dry_run=True)
    assert left(releases) == list(range(7))
    assert cleaned(server, releases) == found, "what it said is what goes then"
    assert left(releases) == [0, 5, 6]


def test_what_others_need_stays(server: Server, releases: list[Release]) -> None:
    found = cleaned(server, releases, needed={releases[3].hash: "champion in MLflow"})
    assert left(releases) == [3, 5, 6] and reasons(found)[releases[3].hash] == "champion in MLflow"


def test_models_of_a_deployment_that_was_cut_off_go_with_their_release(
    server: Server, releases: list[Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    target, control = server
    deploy(releases[5], target, USERS)
    with monkeypatch.context() as patch:
        patch.setattr(promotion.Promotion, "unload_others", lambda *_: None)  # killed before it could clean up
        control.broken = {"toy"}
        with pytest.raises(DeploymentError):
            deploy(releases[1], target, USERS)
    stray = model_name("toy", releases[1].hash)
    assert (target.repository / stray).is_dir() and control.parameters(stray) is not None
    found = cleaned(server, releases)
    assert reasons(found)[stray] == "nothing that answers stands on it"
    assert not (target.repository / stray).exists() and control.parameters(stray) is None
    assert left(releases) == [5, 6]
    assert {path.name for path in target.repository.iterdir() if path.is_dir()} == {
        "toy",
        model_name("toy", releases[5].hash),
    }


def test_other_recommenders_are_none_of_its_business(server: Server, releases: list[Release], tmp_path: Path) -> None:
    target, _ = server
    other = toy_release(tmp_path, "toy-2", seed=9)
    deploy(other, target, USERS)
    for number in range(7):
        deploy(releases[number], target, USERS)
    cleaned(server, releases)
    assert other.path.is_dir() and live_release("toy-2", target).hash == other.hash  # type: ignore[union-attr]
    assert (target.repository / model_name("toy-2", other.hash)).is_dir()


def test_a_server_that_does_not_answer_keeps_all_that_it_may_have_loaded(
    server: Server, releases: list[Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    target, control = server
    for number in (0, 1, 2):
        deploy(releases[number], target, USERS)
    stray = target.repository / model_name("toy", releases[0].hash)
    shutil.copytree(target.repository / model_name("toy", releases[1].hash), stray)

    def down() -> list[Any]:
        raise promotion.TritonError("No Triton server answers.")

    monkeypatch.setattr(control, "models", down)
    found = cleaned(server, releases)
    assert left(releases) == [0, 1, 2, 5, 6] and stray.is_dir()
    assert reasons(found)[releases[0].hash] == "the server has its model"
    cleaned(server, releases, control=None)  # it is ours, and is stopped
    assert left(releases) == [1, 2, 5, 6] and not stray.exists()


def test_a_model_that_is_loaded_keeps_its_release_even_without_its_files(
    server: Server, releases: list[Release]
) -> None:
    target, control = server
    deploy(releases[5], target, USERS)
    name = model_name("toy", releases[0].hash)
    shutil.copytree(target.repository / model_name("toy", releases[5].hash), target.repository / name)
    control.load(name)
    shutil.rmtree(target.repository / name)
    cleaned(server, releases)
    assert left(releases) == [0, 5, 6]


def test_a_crash_in_the_middle_leaves_nothing_that_disturbs(
    server: Server, releases: list[Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    target, _ = server
    deploy(releases[6], target, USERS)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(retention.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            cleaned(server, releases)
    folder = releases[0].path.parent
    assert [release.path.is_dir() for release in releases] == [False] * 5 + [True] * 2
    assert len(list(folder.glob(".aside-*"))) == 5
    parts = folder.parents[1] / "parts-toy-0"
    again = Release.write(parts, folder.parent, "toy", releases[0].manifest.metadata)
    assert deploy(again, target, USERS).hash == releases[0].hash, "it can be built and deployed again"
    assert [holding.what for holding in cleaned(server, releases) if holding.goes] == ["release"] + 5 * ["leftover"]
    assert left(releases) == [0, 6], "it is the newest now"


def test_what_cannot_be_removed_is_told_and_the_rest_goes(
    server: Server, releases: list[Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = retention.take_away

    def refused(path: Path) -> Path:
        if path.name == releases[1].hash:
            raise PermissionError("not yours")
        return real(path)

    monkeypatch.setattr(retention, "take_away", refused)
    found = cleaned(server, releases)
    assert left(releases) == [1, 5, 6]
    assert reasons(found)[releases[1].hash] == "older than the newest 2, but could not be removed: not yours"


def test_it_waits_for_a_deployment_that_is_going_on(
    server: Server, releases: list[Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest release is about to go live: it is neither live nor new before, and must be there afterwards."""
    target, _ = server
    deploy(releases[6], target, USERS)
    proving, go_on = threading.Event(), threading.Event()

    def prove(*_: object) -> None:
        proving.set()
        assert go_on.wait(10)

    monkeypatch.setattr(promotion, "_prove", prove)
    deploying = threading.Thread(target=deploy, args=(releases[0], target, USERS))
    deploying.start()
    assert proving.wait(10)
    cleaning = threading.Thread(target=cleaned, args=(server, releases))
    cleaning.start()
    cleaning.join(0.3)
    assert cleaning.is_alive() and left(releases) == list(range(7))
    go_on.set()
    for thread in (deploying, cleaning):
        thread.join(10)
    assert live_release("toy", target).hash == releases[0].hash  # type: ignore[union-attr]
    assert left(releases) == [0, 5, 6]


def test_a_release_that_went_before_its_deployment_began_is_told_and_what_is_live_stays(
    server: Server, releases: list[Release]
) -> None:
    target, _ = server
    deploy(releases[6], target, USERS)
    old = Release.open(releases[0].path)
    cleaned(server, releases)
    for command in (lambda: deploy(old, target, USERS), lambda: roll_out(old, target, USERS, canary=0.1)):
        with pytest.raises(DeploymentError, match=rf"{releases[6].hash[:12]} stays live.*it was removed meanwhile"):
            command()


def test_deployments_and_removals_side_by_side(server: Server, releases: list[Release]) -> None:
    """Whatever comes first, what is live and the one before can be opened, and what is loaded too."""
    target, control = server
    stop, problems = threading.Event(), []

    def removing() -> None:
        while not stop.is_set():
            cleaned(server, releases, keep=1)
            time.sleep(0.001)

    thread = threading.Thread(target=removing)
    thread.start()
    try:
        for release in releases:
            try:
                live = deploy(release, target, USERS)
            except DeploymentError as error:
                problems.append(str(error))
                assert "removed meanwhile" in str(error)
                continue
            for needed in live.hashes:
                Release.open(release.path.parent / needed)
    finally:
        stop.set()
        thread.join(20)
    assert live_release("toy", target).hash == releases[6].hash  # type: ignore[union-attr]
    for status in control.models():
        digits = status.name.partition(".")[2]
        assert not digits or any(release.hash.startswith(digits) and release.path.is_dir() for release in releases)
