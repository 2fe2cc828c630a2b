"""`recsys gc`: what it tells, and what is gone afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from recsys_assets.cli import app
from serving.release.release_pool import take_away
from tests.recsys_assets.deployed_shop import DeployedShop
from tests.serving.toys import toy_release
from tests.serving.triton.fake_control import dated

runner = CliRunner(env={"COLUMNS": "200"})


@pytest.fixture
def shop_(deployed_shop: DeployedShop, monkeypatch: pytest.MonkeyPatch) -> DeployedShop:
    monkeypatch.setenv("RECSYS_RECOMMENDERS", str(deployed_shop.folder))
    yaml = deployed_shop.folder / "defs.yaml"
    yaml.write_text(yaml.read_text() + "  releases: {keep: 2}\n")
    return deployed_shop


def shown(*arguments: str, code: int = 0) -> str:
    result = runner.invoke(app, ["gc", *arguments])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def told(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(runner.invoke(app, ["gc", *arguments, "--json"]).stdout.splitlines()[-1])
    return found


def left(shop: DeployedShop) -> list[int]:
    return [number for number, release in enumerate(shop.releases) if release.path.is_dir()]


def test_it_says_what_would_go_and_then_it_goes(shop_: DeployedShop) -> None:
    first, second, third, fourth = (release.hash[:12] for release in shop_.releases)
    text = shown("shop", "--dry-run")
    assert "shop: the newest 2 releases stay" in text
    for release, says in ((fourth, "stays one of the newest 2"), (first, "would go older than the newest 2")):
        assert f"{release} 2026-01-0" in text and says in text.partition(release)[2][:90]
    assert f"Would go: 2 releases ({second}, {first}): 0.1 MB." in text
    assert left(shop_) == [0, 1, 2, 3]
    found = told("shop", "--dry-run")
    assert found["dry_run"] and found["bytes"] == sum(
        one["bytes"] for one in found["recommenders"]["shop"]["holdings"] if one["goes"]
    )
    assert found["bytes"] > 1000
    text = shown("shop")
    assert f"Gone: 2 releases ({second}, {first}): 0.1 MB." in text and f"{third} 2026-01-03" in text
    assert left(shop_) == [2, 3]
    assert "Gone: nothing." in shown("shop")


def test_a_number_of_ones_own_and_what_is_left_of_a_crash(shop_: DeployedShop) -> None:
    take_away(shop_.releases[0].path)
    text = shown("shop", "--keep", "1")
    assert "left by a process that was ended" in text and "Gone: 2 releases" in text and "1 leftover: 0.1 MB." in text
    assert left(shop_) == [3]
    assert runner.invoke(app, ["gc", "shop", "--keep", "0"]).exit_code == 2


def test_all_of_a_home_each_by_its_own_yaml(shop_: DeployedShop) -> None:
    others = dated(toy_release(shop_.home.root, "other", seed=seed) for seed in range(3))
    text = shown(code=1)
    assert "How many releases 'other' keeps is unknown" in text and "--keep" in text
    assert left(shop_) == [2, 3] and all(release.path.is_dir() for release in others), "the others went on"
    found = told("--keep", "1")
    assert set(found["recommenders"]) == {"other", "shop"}
    assert [release.path.is_dir() for release in others] == [False, False, True] and left(shop_) == [3]


def test_a_name_that_nothing_has_is_told(shop_: DeployedShop) -> None:
    assert "There is no recommender 'nosuch'" in shown("nosuch", code=1)


def test_what_was_removed_is_told_with_the_way_out(shop_: DeployedShop) -> None:
    gone = shop_.releases[0].hash
    shown("shop")
    result = runner.invoke(app, ["deploy", "shop", "--release", gone])
    text = " ".join(result.output.split())
    assert result.exit_code == 1
    assert "older ones were removed, and `releases: {keep: N}` in the YAML keeps more" in text
    status = json.loads(runner.invoke(app, ["status", "--json"]).stdout.splitlines()[-1])
    take_away(shop_.releases[2].path)
    after = json.loads(runner.invoke(app, ["status", "--json"]).stdout.splitlines()[-1])
    assert (status["releases"]["shop"]["kept"], after["releases"]["shop"]["kept"]) == (2, 1)
