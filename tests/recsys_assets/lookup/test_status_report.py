"""What commands say of a release that is down, damaged or being tried; the server is a stand-in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from recsys_assets.cli import app
from recsys_assets.lookup.outage_text import explained
from resources.home import Home
from serving.client.recommender_error import RecommenderError
from serving.release.release import Release
from serving.triton.repository.live_release import LiveRelease
from tests.serving.toys import toy_release

runner = CliRunner(env={"COLUMNS": "200"})


@dataclass
class Server:
    """A server that runs, with one name that is live or silent."""

    points: LiveRelease
    up: bool = True
    reason: str = ""
    loaded: bool = True
    address: str | None = "triton:8001"
    http_address: str | None = None

    def status(self) -> None:
        return None

    def live(self, name: str) -> LiveRelease | None:
        return self.points if self.up and name == self.points.name else None

    awake = live

    def silent(self, name: str) -> LiveRelease | None:
        return None if self.up or name != self.points.name else self.points

    def why_silent(self, silent: LiveRelease) -> str:
        return self.reason

    def is_loaded(self, name: str, release_hash: str) -> bool:
        return self.loaded

    def rollback(self, name: str) -> LiveRelease:
        assert self.points.previous is not None
        return LiveRelease(name, self.points.previous, self.points.hash)


@pytest.fixture
def releases(home: Home) -> list[Release]:
    return [toy_release(home.root, seed=seed) for seed in range(2)]


@pytest.fixture
def server(releases: list[Release], monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server(LiveRelease("toy", releases[1].hash, releases[0].hash))
    mlflow = SimpleNamespace(promote=lambda name, release: "1")
    resources = SimpleNamespace(triton=made, mlflow=mlflow)
    monkeypatch.setattr("resources.configured.configured", lambda home: resources)
    return made


def shown(*arguments: str, code: int = 0) -> str:
    result = runner.invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


def told(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shown(*arguments, "--json").splitlines()[-1])
    return found


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_manifest_that_cannot_be_read_hides_nothing_else(
    home: Home, releases: list[Release], server: Server, damage: str
) -> None:
    toy_release(home.root, "other")
    if damage == "gone":
        releases[1].path.rename(home.root / "away")
    else:
        manifest = releases[1].path / "manifest.json"
        manifest.chmod(0o644)
        manifest.write_text("{\n")
    text = shown("status")
    assert "triton:8001" in text and "other" in text and releases[1].hash[:12] in text
    assert "toy answers, but cannot be loaded again: " in text and "manifest.json" in text
    assert f"`recsys rollback toy` goes back to {releases[0].hash[:12]}." in text
    found = told("status")["releases"]["toy"]
    assert found["live"] == releases[1].hash and "manifest.json" in found["problem"] and found["created"] is None


def test_the_rest_of_a_name_whose_releases_are_gone(home: Home, releases: list[Release], server: Server) -> None:
    (home.triton_models / "toy").mkdir(parents=True)
    (home.releases / "toy").rename(home.root / "away")
    assert "toy answers, but cannot be loaded again" in shown("status")


def test_a_rollout_is_seen_and_a_rollback_says_that_it_ended(releases: list[Release], server: Server) -> None:
    server.points = LiveRelease("toy", releases[1].hash, releases[0].hash, "cd" * 32, canary=0.5)
    assert "toy: release cdcdcdcdcdcd is being tried, and answers 50.0% of users." in shown("status")
    found = told("status")["releases"]["toy"]
    assert (found["candidate"], found["canary"], found["shadow"]) == ("cd" * 32, 0.5, 0.0)
    server.loaded, server.reason = False, "price.npy is damaged."
    text = shown("status")
    assert f"toy: it is not loaded, so {releases[1].hash[:12]} answers in its place: price.npy is damaged;" in text
    assert told("status")["releases"]["toy"]["candidate_problem"] == "price.npy is damaged."
    server.loaded = True
    assert told("status")["releases"]["toy"]["candidate_problem"] is None
    text = shown("rollback", "toy")
    assert f"The rollout of cdcdcdcdcdcd has ended: {releases[0].hash[:12]} answers everybody." in text
    assert f"{releases[1].hash[:12]} stays loaded" in text
    assert told("rollback", "toy")["ended_rollout"] == "cd" * 32


def test_what_a_rollback_left_is_not_said_to_be_loaded_where_it_is_not(releases: list[Release], server: Server) -> None:
    server.up, server.loaded, server.reason = False, False, "price.npy is damaged."
    text = shown("rollback", "toy")
    assert f"{releases[1].hash[:12]} is not loaded: price.npy is damaged." in text and "stays loaded" not in text
    assert "The rollout" not in text


def test_rolling_back_to_a_damaged_release_names_the_command(
    releases: list[Release], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (releases[0].path / "ensemble.json").unlink()
    monkeypatch.setattr(Server, "rollback", lambda self, name: Release.open(releases[0].path))
    text = shown("rollback", "toy", code=1)
    assert "ensemble.json is missing" in text and "`recsys materialize toy` builds and deploys another" in text


def test_what_is_down_is_told_with_its_way_back(releases: list[Release], server: Server) -> None:
    server.up, server.reason = False, "price.npy is damaged."
    back = f"; `recsys rollback toy` goes back to {releases[0].hash[:12]}."
    assert f"toy does not answer: price.npy is damaged{back}" in shown("status")
    for command in (["rollout", "toy"], ["rollout", "toy", "--promote"]):
        text = shown(*command, code=1)
        assert f"`recsys status` says why{back}" in text and "materialize" not in text
    triton: Any = server
    with pytest.raises(RuntimeError, match="`recsys status` says why"), explained("toy", triton):
        raise RecommenderError("Triton serves no recommender 'toy'.")
    server.up = True
    with pytest.raises(RecommenderError, match="too long"), explained("toy", triton):
        raise RecommenderError("The id is too long.")
