"""Removing releases while a real server deploys others and is asked for lists."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from serving.client.client import RecommenderClient, RecommenderError
from serving.release.release import Release
from serving.triton.deployment.deployment import deploy, live_release, restore, rollback
from serving.triton.deployment.retention import clean_up
from serving.triton.deployment.rollout import end_rollout, roll_out
from serving.triton.deployment.target import TritonTarget
from serving.triton.server.server import TritonServer
from tests.serving.toys import toy_release
from tests.serving.triton.fake_control import dated

pytestmark = [pytest.mark.triton, pytest.mark.long]
USERS = [100, 101, -7]


def test_removals_disturb_no_request_and_no_deployment(
    target: TritonTarget, server: TritonServer, tmp_path: Path
) -> None:
    releases = dated(toy_release(tmp_path, "kept", seed=seed) for seed in range(4))
    folder = releases[0].path.parent
    deploy(releases[3], target, USERS)
    stop, problems, removed = threading.Event(), [], set[str]()

    def ask() -> None:
        with RecommenderClient(target.grpc_url, "kept", timeout=60, retries=0) as client:
            while not stop.is_set():
                try:
                    client.recommend(USERS)
                except RecommenderError as error:
                    problems.append(str(error))
                time.sleep(0.005)

    def remove() -> None:
        with target.connected() as control:
            while not stop.is_set():
                for one in clean_up("kept", folder, target.repository, 1, lambda: {releases[1].hash: "next"}, control):
                    removed.update([one.path.name] if one.goes else [])
                time.sleep(0.01)

    threads = [threading.Thread(target=work) for work in (ask, remove)]
    roll_out(releases[0], target, USERS, canary=0.5)
    for thread in threads:
        thread.start()
    deploy(releases[1], target, USERS)
    end = time.monotonic() + 20
    while releases[0].path.exists():
        assert time.monotonic() < end, "neither live, nor before, nor tried any more"
        time.sleep(0.01)
    assert rollback(releases[3], target).hash == releases[3].hash
    stop.set()
    for thread in threads:
        thread.join(30)
    assert not problems and removed == {releases[0].hash, releases[2].hash}
    live = live_release("kept", target)
    assert live is not None and {live.hash, live.previous} == {releases[3].hash, releases[1].hash}
    assert {path.name for path in folder.iterdir() if path.is_dir()} == set(live.hashes)
    for release in live.hashes:
        Release.open(folder / release)
    server.stop()
    fresh = TritonTarget.embedded(server)
    assert "kept" not in restore(fresh) and live_release("kept", fresh) == live


def test_a_rollout_and_its_end_keep_what_a_restart_needs(
    target: TritonTarget, server: TritonServer, tmp_path: Path
) -> None:
    releases = dated(toy_release(tmp_path, "tried", seed=seed) for seed in range(3))
    folder = releases[0].path.parent

    def cleaned() -> set[str]:
        clean_up("tried", folder, server.repository, 1, dict, None)
        return {path.name for path in folder.iterdir() if path.is_dir()}

    deploy(releases[1], target, USERS)
    going = roll_out(releases[0], target, USERS, canary=0.5)
    server.stop()
    assert cleaned() == {release.hash for release in releases}
    fresh = TritonTarget.embedded(server)
    assert "tried" not in restore(fresh) and live_release("tried", fresh) == going
    alone = end_rollout(releases[1], fresh)
    server.stop()
    assert cleaned() == {releases[1].hash, releases[2].hash}
    fresh = TritonTarget.embedded(server)
    assert "tried" not in restore(fresh) and live_release("tried", fresh) == alone
