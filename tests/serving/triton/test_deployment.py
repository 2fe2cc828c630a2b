from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import pytest

from serving.client import RecommenderClient, RecommenderError
from serving.triton.control import TritonError
from serving.triton.deployment import DeploymentError, deploy, live_release, restore, rollback
from serving.triton.server import TritonServer
from serving.triton.target import TritonTarget
from tests.serving.toys import toy_release

pytestmark = pytest.mark.triton
USERS = [100, 101, 105, -7]


def ready(target: TritonTarget, name: str) -> set[str]:
    control = target.control()
    models = {m.name for m in control.models() if m.ready and m.name.partition(".")[0] == name}
    control.close()
    return models


def test_a_release_goes_live_and_the_one_before_stays_loaded(target: TritonTarget, tmp_path: Path) -> None:
    first, second, third = (toy_release(tmp_path, "swap", seed=seed) for seed in range(3))
    assert live_release("swap", target) is None
    assert deploy(first, target, USERS).previous is None
    assert deploy(second, target, USERS).previous == first.hash
    live = deploy(third, target, USERS)
    assert (live.hash, live.previous) == (third.hash, second.hash)
    assert ready(target, "swap") == {"swap", f"swap.{third.hash[:12]}", f"swap.{second.hash[:12]}"}
    assert live_release("swap", target) == live
    with RecommenderClient(target.grpc_url, "swap") as client:
        assert client.recommend(100)[0].release == third.hash
        back = rollback(second, target)
        assert (back.hash, back.previous) == (second.hash, third.hash)
        assert client.recommend(100)[0].release == second.hash
    others = [first, *(toy_release(tmp_path, "swap", seed=seed) for seed in range(3, 9))]
    assert {other.hash < third.hash for other in others} == {False, True}
    for other in others:
        with pytest.raises(DeploymentError, match=f"no release {other.hash[:12]} to go back to"):
            rollback(other, target)


def test_deploying_what_is_live_changes_nothing(target: TritonTarget, tmp_path: Path) -> None:
    release = toy_release(tmp_path, "same")
    assert deploy(release, target, USERS) == deploy(release, target, USERS)


def test_a_release_that_does_not_load_leaves_what_was_live(target: TritonTarget, tmp_path: Path) -> None:
    good, bad = (toy_release(tmp_path, "broken", seed=seed) for seed in range(2))
    deploy(good, target, USERS)
    ensemble_file = bad.path / "snapshot" / "total.npy"
    ensemble_file.chmod(0o644)
    ensemble_file.write_bytes(ensemble_file.read_bytes()[:-1] + b"\x07")
    with pytest.raises(DeploymentError, match=rf"{good.hash[:12]} stays live.*total\.npy is damaged"):
        deploy(bad, target, USERS)
    assert live_release("broken", target).hash == good.hash  # type: ignore[union-attr]
    assert ready(target, "broken") == {"broken", f"broken.{good.hash[:12]}"}
    assert not (target.repository / f"broken.{bad.hash[:12]}").exists()


def test_a_release_that_answers_unlike_its_parts_does_not_go_live(target: TritonTarget, tmp_path: Path) -> None:
    good, other = (toy_release(tmp_path, "unlike", seed=seed) for seed in range(2))
    from serving.ensemble import Ensemble

    with pytest.raises(DeploymentError, match=r"nothing is live.*unlike its parts"):
        deploy(good, target, USERS, Ensemble.of(other))
    assert live_release("unlike", target) is None
    with pytest.raises(DeploymentError, match="no user ids were given"):
        deploy(good, target, [])


def test_swaps_under_load_disturb_no_request(target: TritonTarget, tmp_path: Path) -> None:
    releases = [toy_release(tmp_path, "load", seed=seed) for seed in range(3)]
    deploy(releases[0], target, USERS)
    stop, failures, answered = threading.Event(), [], []

    def ask() -> None:
        with RecommenderClient(target.grpc_url, "load", retries=0) as client:
            while not stop.is_set():
                try:
                    answered.append(client.recommend(USERS)[0].release)
                except RecommenderError as error:
                    failures.append(str(error))
                time.sleep(0.002)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for release in (*releases[1:], releases[0]):
        deploy(release, target, USERS)
    time.sleep(0.2)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures and len(answered) > 50
    assert set(answered) == {release.hash for release in releases} and answered[-1] == releases[0].hash


def test_strings_and_errors_over_the_wire(target: TritonTarget, tmp_path: Path) -> None:
    release = toy_release(tmp_path, "text", dtype="string")
    deploy(release, target, ["u100", "u103", "nobody"])
    with RecommenderClient(target.grpc_url, "text") as client:
        known, unknown = client.recommend(["u100", "ganz unbekannt"], k=4)
        assert known.source == "personalized" and unknown.source == "popular"
        assert all(str(item.item_id).startswith("ü") for item in known.items + unknown.items)
        assert len(unknown.items) == 4 and unknown.items[0].sources == ("popular",)
        assert set(known.stage_ms) == {"features", "retrieval", "filtering", "scoring", "ordering"}
        with pytest.raises(RecommenderError, match="'k' of a request must lie between 1 and 1000"):
            client.recommend(["u100"], k=0)
        with pytest.raises(RecommenderError, match="poison"):
            client.recommend(["poison"])
    with pytest.raises(RecommenderError, match="serves no recommender 'nothing'"):
        RecommenderClient(target.grpc_url, "nothing").recommend(1)


def test_requests_that_meet_are_joined_and_a_bad_one_harms_only_itself(target: TritonTarget, tmp_path: Path) -> None:
    release = toy_release(tmp_path, "joined", dtype="string")
    deploy(release, target, ["u100"])
    alone = {}
    with RecommenderClient(target.grpc_url, "joined") as client:
        for number in range(100, 108):
            alone[f"u{number}" + "x" * (number % 3)] = client.recommend(f"u{number}" + "x" * (number % 3), 5)[0].items

        def ask(user: str, found: list[object]) -> None:
            for _ in range(20):
                try:
                    found.append(client.recommend(user, 5)[0].items)
                except RecommenderError as error:
                    found.append(str(error))

        found: dict[str, list[object]] = {user: [] for user in [*alone, "poison"]}
        threads = [threading.Thread(target=ask, args=item) for item in found.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for user, items in alone.items():
        assert found[user] == [items] * 20
    assert all("poison" in str(error) for error in found["poison"])


def test_what_was_live_comes_back_after_a_restart(target: TritonTarget, server: TritonServer, tmp_path: Path) -> None:
    for pointer in target.repository.glob("[a-z]*/config.pbtxt"):
        shutil.rmtree(pointer.parent)  # what the other tests left: only this one's shall come back
    first, second = (toy_release(tmp_path, "again", seed=seed) for seed in range(2))
    deploy(first, target, USERS)
    deploy(second, target, USERS)
    server.stop()
    with pytest.raises(TritonError, match="No Triton server answers"):
        live_release("again", target)
    fresh = TritonTarget.embedded(server)
    assert restore(fresh) == {}
    live = live_release("again", fresh)
    assert live is not None and (live.hash, live.previous) == (second.hash, first.hash)
    assert rollback(first, fresh).hash == first.hash
