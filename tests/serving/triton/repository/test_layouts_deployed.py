"""Releases that come and go in both forms, on a real server."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from serving.client.client import RecommenderClient, RecommenderError
from serving.decisions.reader import Bits, find_request
from serving.decisions.replay import answer_again, reproduced
from serving.ensemble.ensemble import Ensemble
from serving.release.release import Release
from serving.triton.deployment.deployment import DeploymentError, deploy, live_release, rollback
from serving.triton.deployment.target import TritonTarget
from serving.triton.repository.layout_settings import LayoutSettings
from serving.triton.repository.model_settings import ModelSettings
from serving.triton.repository.names import models_of
from tests.serving.toys import toy_release
from tests.serving.triton.patience import soon

pytestmark = pytest.mark.triton
USERS = ["u100", "u101", "u105", "nobody"]
STEPS = {"request", "features", "retrieval", "filtering", "scoring", "ordering", "answer"}


def in_stages(target: TritonTarget) -> TritonTarget:
    return replace(target, settings=ModelSettings(form=LayoutSettings("ensemble", "stage")))


def models(release: Release, *steps: str) -> set[str]:
    model = f"{release.name}.{release.hash[:12]}"
    return {model, *(f"{model}.stages.{step}" for step in steps)}


def ready(target: TritonTarget, name: str) -> set[str]:
    control = target.control()
    found = {m.name for m in control.models() if m.ready and m.name.partition(".")[0] == name}
    control.close()
    return found


def folders(target: TritonTarget, name: str) -> set[str]:
    return {path.parent.name for path in target.repository.glob(f"{name}*/config.pbtxt")}


def test_a_release_in_steps_comes_and_goes_with_all_of_them(target: TritonTarget, tmp_path: Path) -> None:
    first, second, third = (toy_release(tmp_path, "steps", dtype="string", seed=seed) for seed in range(3))
    deploy(first, in_stages(target), USERS)
    assert ready(target, "steps") == {"steps", *models(first, *STEPS)}
    requests_that_meet(target, "steps", first)
    deploy(second, target, USERS)
    assert ready(target, "steps") == {"steps", *models(first, *STEPS), *models(second)}
    with RecommenderClient(target.grpc_url, "steps") as client:
        rollback(first, target)
        assert client.recommend("u100")[0].release == first.hash
        rollback(second, target)
        assert client.recommend("u100")[0].release == second.hash
    deploy(third, target, USERS)
    assert ready(target, "steps") == folders(target, "steps") == {"steps", *models(second), *models(third)}


@pytest.mark.long
def test_decisions_of_a_release_in_steps_are_logged_and_made_again(target: TritonTarget, tmp_path: Path) -> None:
    release = toy_release(tmp_path, "stepwise", dtype="string")
    staged = in_stages(target)
    settings = replace(staged.settings, decisions=str(tmp_path / "log"))
    deploy(release, replace(staged, settings=settings), USERS)
    with RecommenderClient(target.grpc_url, "stepwise") as client:
        answers = client.recommend(USERS, 4, request_id="mine")

    def written() -> tuple[pl.DataFrame, dict[str, Bits]] | None:
        try:
            return find_request(tmp_path / "log" / "stepwise", "mine")
        except LookupError:
            return None

    decisions, bits = soon(written)
    assert decisions["user_id"].to_list() == USERS and list(bits) == [release.hash]
    assert decisions["item"].to_list() == [[item.item_id for item in answer.items] for answer in answers]
    again, lacking = answer_again(decisions, Ensemble.of(release))
    assert (lacking, reproduced(decisions, again)) == ((), 0.0)


def requests_that_meet(target: TritonTarget, name: str, release: Release) -> None:
    """Many at once get what they get alone, and what is wrong with one is said to that one."""
    with RecommenderClient(target.grpc_url, name) as client:
        alone = {user: client.recommend(user, 5)[0] for user in [*USERS, "u107xx"]}
        assert {answer.release for answer in alone.values()} == {release.hash}
        assert all(spent > 0 for spent in alone["u100"].stage_ms.values())
        with pytest.raises(RecommenderError, match="'k' of a request must lie between 1 and 1000"):
            client.recommend(USERS, k=0)
        found: dict[str, list[object]] = {user: [] for user in [*alone, "poison"]}

        def ask(user: str) -> None:
            for _ in range(20):
                try:
                    found[user].append(client.recommend(user, 5)[0].items)
                except RecommenderError as error:
                    found[user].append(str(error))

        threads = [threading.Thread(target=ask, args=(user,)) for user in found]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for user, answer in alone.items():
        assert found[user] == [answer.items] * 20
    assert all("user 999 is poison" in str(error) for error in found["poison"])


@pytest.mark.long
def test_a_damaged_release_in_steps_leaves_what_was_live(target: TritonTarget, tmp_path: Path) -> None:
    good, bad = (toy_release(tmp_path, "harmed", dtype="string", seed=seed) for seed in range(2))
    deploy(good, in_stages(target), USERS)
    file = bad.path / "snapshot" / "total.npy"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1] + b"\x07")
    with pytest.raises(DeploymentError, match=rf"{good.hash[:12]} stays live.*total\.npy is damaged"):
        deploy(bad, in_stages(target), USERS)
    live = live_release("harmed", target)
    assert live is not None and live.hash == good.hash
    assert ready(target, "harmed") == folders(target, "harmed") == {"harmed", *models(good, *STEPS)}


@pytest.mark.long
def test_one_release_changes_its_form_under_load(target: TritonTarget, tmp_path: Path) -> None:
    release = toy_release(tmp_path, "changing", dtype="string")
    deploy(release, target, USERS)
    stop, failures, answered = threading.Event(), [], []

    def ask() -> None:
        with RecommenderClient(target.grpc_url, "changing") as client:
            while not stop.is_set():
                try:
                    answered.append(client.recommend(USERS)[0].release)
                except RecommenderError as error:
                    failures.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        by_operator = replace(target, settings=ModelSettings(form=LayoutSettings("ensemble")))
        for form in (in_stages(target), by_operator, target):
            deploy(release, form, USERS)
            model = f"changing.{release.hash[:12]}"
            steps = set(models_of(target.repository, model))
            assert ready(target, "changing") == folders(target, "changing") == {"changing", model, *steps}
            assert len(steps) in (0, len(STEPS)) or len(steps) > 10
    finally:
        stop.set()
        thread.join()
    assert not failures and len(answered) > 50
