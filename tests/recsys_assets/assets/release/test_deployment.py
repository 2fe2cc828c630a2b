"""The asset `deployment` through Dagster: what it does and says while people decide of releases."""

from __future__ import annotations

import pytest

from resources.mlflow import MlflowResource
from resources.triton import TritonResource
from serving.triton.control.process import processes_of
from serving.triton.repository.live_release import LiveRelease
from serving.triton.server.backends import PROGRAMS
from tests.recsys_assets.deployed_shop import DeployedShop
from tests.recsys_assets.runs import failure
from tests.serving.triton.conftest import know_toys
from tests.serving.triton.fake_control import FakeControl

USERS = [100, -7]


def test_the_newest_release_goes_live_and_becomes_the_champion(
    deployed_shop: DeployedShop, control: FakeControl, promoted: list[str]
) -> None:
    first, second, *_ = deployed_shop.releases
    said = deployed_shop.deployment(first)
    assert (said["outcome"], said["release"], said["previous"]) == (
        f"{first.hash[:12]} is live.",
        first.hash[:12],
        "none",
    )
    assert said["mlflow_version"] == "1" and said["data_version"] == first.hash[:16]
    assert deployed_shop.deployment(second)["previous"] == first.hash[:12]
    deployed_shop.deployment(second)
    assert promoted == [first.hash, second.hash, second.hash]


def test_the_newest_waits_for_a_rollout_and_says_so(
    deployed_shop: DeployedShop, control: FakeControl, promoted: list[str]
) -> None:
    live, challenger, newcomer, newer = deployed_shop.releases
    deployed_shop.deployment(live)
    triton = TritonResource()
    going = triton.roll_out(challenger, USERS, canary=0.1)
    said = deployed_shop.deployment(newcomer)
    assert (
        f"{newcomer.hash[:12]} waits: {challenger.hash[:12]} is being tried (answers 10.0% of users)" in said["outcome"]
    )
    assert "`recsys deploy shop`" in said["outcome"]
    assert (said["release"], said["data_version"]) == (live.hash[:12], live.hash[:16])
    assert "mlflow_version" not in said and promoted == [live.hash]
    assert f"{newcomer.hash[:12]}, which waited before, waits no longer" in deployed_shop.deployment(newer)["outcome"]
    assert "rollout of" in deployed_shop.deployment(live)["outcome"] and triton.live("shop") == going
    assert "goes live when it is promoted" in deployed_shop.deployment(challenger)["outcome"]
    triton.end_rollout("shop")
    assert f"{challenger.hash[:12]} stays away: it was being tried" in deployed_shop.deployment(challenger)["outcome"]
    assert deployed_shop.deployment(newer)["outcome"] == f"{newer.hash[:12]} is live."
    assert promoted == [live.hash, live.hash, newer.hash]


def test_the_yaml_says_that_a_newer_release_ends_a_rollout(
    deployed_shop: DeployedShop, control: FakeControl, promoted: list[str]
) -> None:
    yaml = deployed_shop.folder / "defs.yaml"
    yaml.write_text(yaml.read_text() + "  rollout: {on_new_release: end}\n")
    live, challenger, newcomer, _ = deployed_shop.releases
    deployed_shop.deployment(live)
    TritonResource().roll_out(challenger, USERS, canary=0.1)
    said = deployed_shop.deployment(newcomer)
    assert f"The rollout of {challenger.hash[:12]} has ended for it" in said["outcome"]
    assert said["release"] == newcomer.hash[:12] and promoted == [live.hash, newcomer.hash]


def test_materializing_again_does_not_undo_a_rollback(
    deployed_shop: DeployedShop, control: FakeControl, promoted: list[str]
) -> None:
    first, second, third, _ = deployed_shop.releases
    for release in (first, second):
        deployed_shop.deployment(release)
    triton = TritonResource()
    triton.rollback("shop")
    for _ in range(2):
        said = deployed_shop.deployment(second)
        assert f"{second.hash[:12]} stays away: it was rolled back on 20" in said["outcome"]
        assert f"`recsys deploy shop --release {second.hash[:12]}` makes it live" in said["outcome"]
        assert (said["release"], said["data_version"]) == (first.hash[:12], first.hash[:16])
        control.end()
    assert promoted == [first.hash, second.hash]
    assert deployed_shop.deployment(third)["previous"] == first.hash[:12]


def test_a_newest_release_that_is_gone_is_told_in_a_sentence(
    deployed_shop: DeployedShop, control: FakeControl, promoted: list[str]
) -> None:
    newest = deployed_shop.releases[0]
    newest.path.rename(deployed_shop.home.root / "away")
    assert failure(deployed_shop.run(newest)).startswith(f"{newest.path} is no release: it has no manifest.json")


def test_where_nothing_answers_and_the_newest_was_rolled_back_the_run_fails_in_a_sentence(
    deployed_shop: DeployedShop, control: FakeControl, promoted: list[str]
) -> None:
    first, second, *_ = deployed_shop.releases
    for release in (first, second):
        deployed_shop.deployment(release)
    TritonResource().rollback("shop")
    control.end()
    control.broken = {f"shop.{first.hash[:12]}"}
    assert "Nothing answers for 'shop', and its newest release" in failure(deployed_shop.run(second))


def test_old_releases_go_once_the_newest_is_live(
    deployed_shop: DeployedShop, control: FakeControl, promoted: list[str]
) -> None:
    yaml = deployed_shop.folder / "defs.yaml"
    yaml.write_text(yaml.read_text() + "  releases: {keep: 1}\n")
    first, second, third, fourth = deployed_shop.releases
    fourth.path.rename(deployed_shop.home.root / "later")
    assert deployed_shop.deployment(first)["removed"].startswith(f"1 release ({second.hash[:12]}): ")
    TritonResource().roll_out(third, USERS, canary=0.1)
    (deployed_shop.home.root / "later").rename(fourth.path)
    said = deployed_shop.deployment(fourth)
    assert (said["release"], said["removed"]) == (first.hash[:12], "nothing")
    TritonResource().deploy(third, USERS)
    said = deployed_shop.deployment(fourth)
    assert said["removed"].startswith(f"1 release ({first.hash[:12]}): ")
    assert [release.path.is_dir() for release in deployed_shop.releases] == [False, False, True, True]


def test_what_is_live_is_live_even_where_nothing_could_be_removed(
    deployed_shop: DeployedShop, control: FakeControl, promoted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise ConnectionError("refused")

    monkeypatch.setattr(MlflowResource, "champion", down)
    said = deployed_shop.deployment(deployed_shop.releases[0])
    assert said["release"] == deployed_shop.releases[0].hash[:12] and "none is removed (refused)" in said["removed"]


@pytest.mark.triton
def test_the_whole_story_on_a_real_server(deployed_shop: DeployedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    know_toys(monkeypatch)
    first, second, challenger, newcomer = deployed_shop.releases
    triton, mlflow = TritonResource(), MlflowResource()
    for release in deployed_shop.releases:
        mlflow.register("shop", release.hash, release.path, None, {})
    try:
        for release in (first, second):
            assert deployed_shop.deployment(release)["release"] == release.hash[:12]
        assert mlflow.champion("shop") == second.hash
        going = triton.roll_out(challenger, USERS, canary=0.5)
        assert " waits: " in deployed_shop.deployment(newcomer)["outcome"]
        assert triton.live("shop") == going and mlflow.champion("shop") == second.hash
        assert triton.rollback("shop") == LiveRelease("shop", first.hash, second.hash)
        assert triton.stop()
        for release in (second, challenger):
            said = deployed_shop.deployment(release)
            assert " stays away: " in said["outcome"] and said["release"] == first.hash[:12]
        with triton.client("shop") as client:
            assert client.recommend(100)[0].release == first.hash
        assert deployed_shop.deployment(newcomer)["release"] == newcomer.hash[:12]
        assert mlflow.champion("shop") == newcomer.hash
    finally:
        triton.stop()
    assert not processes_of(deployed_shop.home.root, PROGRAMS)
