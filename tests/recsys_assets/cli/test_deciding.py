"""`deploy`, `rollback`, `rollout` and `status` where people decide of releases; the server holds no models."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from recsys_assets.cli import app
from resources.triton import TritonResource
from serving.triton.deployment import rollout
from serving.triton.deployment.signature_error import SignatureError
from serving.triton.deployment.verdicts import FILE
from tests.recsys_assets.deployed_shop import DeployedShop
from tests.serving.triton.fake_control import FakeControl

runner = CliRunner(env={"COLUMNS": "200"})
pytestmark = pytest.mark.usefixtures("control")


@pytest.fixture
def shop_(deployed_shop: DeployedShop, promoted: list[str], monkeypatch: pytest.MonkeyPatch) -> DeployedShop:
    monkeypatch.setenv("RECSYS_RECOMMENDERS", str(deployed_shop.folder))
    for release in deployed_shop.releases[:2]:
        deployed_shop.deployment(release)
    return deployed_shop


def shown(*arguments: str, code: int = 0) -> str:
    result = runner.invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def told(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(runner.invoke(app, [*arguments, "--json"]).stdout.splitlines()[-1])
    return found


def status() -> dict[str, Any]:
    return dict(told("status")["releases"]["shop"])


def test_status_says_what_waits_and_what_stands_before_it(shop_: DeployedShop, promoted: list[str]) -> None:
    _, _, challenger, newcomer = shop_.releases
    assert status()["waiting"] is None and "waits since" not in shown("status")
    text = shown("rollout", "shop", "--release", challenger.hash[:6], "--canary", "0.1")
    assert f"Release {challenger.hash[:12]} is being tried" in text and "has ended" not in text
    shop_.deployment(newcomer)
    assert status()["waiting"]["release"] == newcomer.hash
    waits = f"Release {newcomer.hash[:12]} waits since 20"
    for command in (["status"], ["rollout", "shop"]):
        text = shown(*command)
        assert waits in text and f"for the rollout of {challenger.hash[:12]} to be decided" in text
    text = shown("rollout", "shop", "--promote")
    assert waits in text and "nothing stands before it any more: `recsys deploy shop`" in text
    assert promoted[-1] == challenger.hash == status()["live"]
    text = shown("deploy", "shop")
    assert f"shop answers from release {newcomer.hash[:12]}." in text and "waits since" not in text
    assert promoted[-1] == newcomer.hash and status()["waiting"] is None


def test_a_rollback_is_told_until_a_command_brings_it_back(shop_: DeployedShop, promoted: list[str]) -> None:
    first, second, *_ = shop_.releases
    said = f"Release {second.hash[:12]} was rolled back on 20"
    back = f"`recsys deploy shop --release {second.hash[:12]}` makes it live"
    for text in (shown("rollback", "shop"), shown("status")):
        assert said in text and back in text
    (decided,) = status()["decided_against"]
    assert (decided["release"], decided["kind"]) == (second.hash, "rolled_back")
    assert shop_.deployment(second)["release"] == first.hash[:12]
    assert f"{said[:20]}" in shown("deploy", "shop", code=1), "the newest is not put live for being the newest"
    assert f"shop answers from release {second.hash[:12]}." in shown("deploy", "shop", "--release", second.hash[:8])
    assert status()["decided_against"] == [] and promoted[-1] == second.hash
    assert shop_.deployment(second)["release"] == second.hash[:12]


def test_ending_and_replacing_a_rollout_is_said(shop_: DeployedShop) -> None:
    _, _, challenger, other = shop_.releases
    shown("rollout", "shop", "--release", challenger.hash, "--canary", "0.1")
    text = shown("rollout", "shop", "--release", other.hash, "--canary", "0.2")
    assert f"The rollout of {challenger.hash[:12]} has ended." in text
    assert f"{challenger.hash[:12]} was taken away when its rollout was ended, on 20" in text
    assert told("rollout", "shop", "--end")["ended_rollout"] == other.hash
    assert [one["release"] for one in status()["decided_against"]].count(other.hash) == 1
    shown("rollout", "shop", "--release", other.hash, "--canary", "0.2")
    assert other.hash not in [one["release"] for one in status()["decided_against"]], "it is being tried"
    text = shown("deploy", "shop", "--release", challenger.hash)
    assert f"The rollout of {other.hash[:12]} has ended: {challenger.hash[:12]} answers everybody." in text


def test_deploying_the_live_one_beside_a_rollout_is_a_question(shop_: DeployedShop) -> None:
    _, live, challenger, _ = shop_.releases
    shown("rollout", "shop", "--release", challenger.hash, "--canary", "0.1")
    text = shown("deploy", "shop", "--release", live.hash, code=1)
    assert "is the live one already" in text and "`recsys rollout shop --end` takes that away" in text
    assert status()["candidate"] == challenger.hash
    shown("rollout", "shop", "--end")
    assert shown("deploy", "shop", "--release", live.hash).startswith(f"shop answers from release {live.hash[:12]}.")


def test_a_server_that_was_ended_changes_nothing_of_it(shop_: DeployedShop, control: FakeControl) -> None:
    second = shop_.releases[1]
    shown("rollback", "shop")
    control.end()
    (decided,) = status()["decided_against"]
    assert decided["release"] == second.hash
    assert shown("deploy", "shop", "--release", second.hash).startswith("shop answers")


def test_a_damaged_memory_is_told_and_hides_nothing_else(shop_: DeployedShop) -> None:
    live = shop_.releases[1]
    (live.path.parent / FILE).write_text("{")
    assert status()["live"] == live.hash and "verdicts.json is damaged" in status()["unreadable"]
    assert "shop: " in shown("status") and "verdicts.json is damaged" in shown("status")


def test_what_cannot_be_tried_beside_the_live_one_can_be_deployed(
    shop_: DeployedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def differ(*_: object) -> None:
        raise SignatureError("it takes other columns.")

    monkeypatch.setattr(rollout, "check_columns", differ)
    other = shop_.releases[2].hash
    text = shown("rollout", "shop", "--release", other, "--canary", "0.5", code=1)
    assert f"it takes other columns. `recsys deploy shop --release {other[:12]}` does so." in text
    assert shown("deploy", "shop", "--release", other[:12]).startswith(f"shop answers from release {other[:12]}.")


def test_what_cannot_be_deployed_says_why(shop_: DeployedShop) -> None:
    assert "begin with 'zzz'" in shown("deploy", "shop", "--release", "zzz", code=1)
    newcomer = shop_.releases[2]
    (newcomer.path / "ensemble.json").unlink()
    text = shown("deploy", "shop", "--release", newcomer.hash, code=1)
    assert "ensemble.json is missing" in text and "`recsys materialize shop`" in text
    assert TritonResource().live("shop").hash == shop_.releases[1].hash  # type: ignore[union-attr]
