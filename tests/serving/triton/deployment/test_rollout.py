from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from serving.client.client import RecommenderClient
from serving.triton.deployment.deployment import deploy, live_release
from serving.triton.deployment.promotion import DeploymentError
from serving.triton.deployment.rollout import end_rollout, roll_out
from serving.triton.deployment.target import TritonTarget
from tests.serving.toys import toy_release

pytestmark = pytest.mark.triton
USERS = [100, 101, 105, -7]
MANY = list(range(-50, 150))


def answered_by(target: TritonTarget, name: str) -> dict[int | str, str]:
    with RecommenderClient(target.grpc_url, name) as client:
        return {answer.user_id: answer.release for answer in client.recommend(MANY)}


def test_a_canary_answers_the_same_share_of_users_again_and_again(target: TritonTarget, tmp_path: Path) -> None:
    live, challenger = (toy_release(tmp_path, "canary", seed=seed) for seed in range(2))
    deploy(live, target, USERS)
    state = roll_out(challenger, target, USERS, canary=0.3)
    assert (state.hash, state.challenger, state.canary) == (live.hash, challenger.hash, 0.3)
    assert live_release("canary", target) == state
    few = answered_by(target, "canary")
    tried = {user for user, release in few.items() if release == challenger.hash}
    assert 0.15 < len(tried) / len(MANY) < 0.45
    assert set(few.values()) == {live.hash, challenger.hash}
    assert answered_by(target, "canary") == few
    roll_out(challenger, target, USERS, canary=0.6)
    more = {user for user, release in answered_by(target, "canary").items() if release == challenger.hash}
    assert tried < more
    alone = end_rollout(live, target)
    assert (alone.hash, alone.challenger) == (live.hash, None)
    assert set(answered_by(target, "canary").values()) == {live.hash}


def test_each_user_gets_what_their_release_gives_alone(target: TritonTarget, tmp_path: Path) -> None:
    live, challenger = (toy_release(tmp_path, "mixed", seed=seed) for seed in range(2))
    deploy(live, target, USERS)
    lists = {}
    for release in (live, challenger):
        deploy(release, target, USERS)
        with RecommenderClient(target.grpc_url, "mixed") as client:
            lists[release.hash] = {a.user_id: a.items for a in client.recommend(MANY)}
    deploy(live, target, USERS)
    roll_out(challenger, target, USERS, canary=0.5)
    with RecommenderClient(target.grpc_url, "mixed") as client:
        for answer in client.recommend(MANY):
            assert answer.items == lists[answer.release][answer.user_id]


def test_who_tells_more_of_its_sources_can_be_tried_beside_who_does_not(target: TritonTarget, tmp_path: Path) -> None:
    """A release of before there was `sources` is live, and the next one has it."""
    live = toy_release(tmp_path, "told")
    challenger = toy_release(tmp_path, "told", seed=1, names=("popular", "co_occurrence"))
    deploy(live, target, USERS)
    roll_out(challenger, target, USERS, canary=0.5)
    with RecommenderClient(target.grpc_url, "told") as client:
        answers = client.recommend(MANY)
        assert {answer.release for answer in answers} == {live.hash, challenger.hash}
        assert all({"popular", "co_occurrence"}.issuperset(item.sources) for answer in answers for item in answer.items)
        deploy(challenger, target, USERS)
        alone = client.recommend(MANY)
    assert {answer.release for answer in alone} == {challenger.hash}
    with RecommenderClient(target.grpc_url, "told") as client:
        assert [answer.items for answer in client.recommend(MANY)] == [answer.items for answer in alone]
    deploy(live, target, USERS)
    with RecommenderClient(target.grpc_url, "told") as client:
        assert {answer.release for answer in client.recommend(MANY)} == {live.hash}


def test_a_shadow_is_compared_and_seen_by_nobody(target: TritonTarget, tmp_path: Path) -> None:
    live, challenger = (toy_release(tmp_path, "shade", seed=seed) for seed in range(2))
    target = replace(target, settings=replace(target.settings, decisions=str(tmp_path / "decisions")))
    deploy(live, target, USERS)
    roll_out(challenger, target, USERS, shadow=1.0)
    assert set(answered_by(target, "shade").values()) == {live.hash}
    deadline = time.monotonic() + 20
    files: list[Path] = []
    while not files and time.monotonic() < deadline:
        time.sleep(0.2)
        files = list((tmp_path / "decisions/shade/shadow").glob("day=*/[!.]*.parquet"))
    rows = pl.concat([pl.read_parquet(file) for file in files])
    assert set(rows["candidate"]) == {challenger.hash}
    assert set(rows["live"]) == {live.hash}
    assert rows["error"].null_count() == rows.height
    assert rows["overlap"].is_between(0, 1).all()
    assert rows["ms"].min() > 0  # type: ignore[operator]


def test_promoting_ends_the_rollout(target: TritonTarget, tmp_path: Path) -> None:
    live, challenger = (toy_release(tmp_path, "promoted", seed=seed) for seed in range(2))
    deploy(live, target, USERS)
    roll_out(challenger, target, USERS, canary=0.5)
    state = deploy(challenger, target, USERS)
    assert (state.hash, state.previous, state.challenger) == (challenger.hash, live.hash, None)
    assert set(answered_by(target, "promoted").values()) == {challenger.hash}
    folders = {folder.name for folder in target.repository.glob("promoted*")}
    assert folders == {"promoted", f"promoted.{live.hash[:12]}", f"promoted.{challenger.hash[:12]}"}


def test_what_cannot_be_tried_says_why(target: TritonTarget, tmp_path: Path) -> None:
    live, challenger = (toy_release(tmp_path, "refused", seed=seed) for seed in range(2))
    with pytest.raises(DeploymentError, match="nothing to stand beside"):
        roll_out(challenger, target, USERS, canary=0.5)
    deploy(live, target, USERS)
    with pytest.raises(DeploymentError, match="is the live one, and answers everybody already"):
        roll_out(live, target, USERS, canary=0.5)
    with pytest.raises(DeploymentError, match="shares between 0 and 1"):
        roll_out(challenger, target, USERS)
    with pytest.raises(DeploymentError, match="a place for its comparisons"):
        roll_out(challenger, target, USERS, shadow=0.5)
    assert set(answered_by(target, "refused").values()) == {live.hash}
