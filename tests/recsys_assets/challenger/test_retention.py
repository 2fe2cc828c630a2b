from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recsys_assets.blueprint.json_files import write_json
from recsys_assets.challenger import retention
from recsys_assets.challenger.newest_release import candidate_file
from recsys_assets.challenger.retention import retain
from resources.home import Home
from resources.mlflow import MlflowResource
from resources.triton import TritonResource
from serving.release.holding import Holding
from serving.release.release import Release
from tests.serving.toys import toy_release
from tests.serving.triton.fake_control import dated

NAME = "toy"


@pytest.fixture
def releases(home: Home) -> list[Release]:
    return dated(toy_release(home.root, seed=seed) for seed in range(6))


def kept(home: Home, releases: list[Release], keep: int = 2, dry_run: bool = False) -> dict[int, str]:
    """Numbers of the releases that stay, each with the reason."""
    found = retain(NAME, home, TritonResource(), MlflowResource(), keep, dry_run)
    numbers = {release.hash: number for number, release in enumerate(releases)}
    stay = {numbers[one.path.name]: one.why for one in found if one.what == "release" and not one.goes}
    there = {number for number, release in enumerate(releases) if release.path.is_dir()}
    assert there == (set(range(6)) if dry_run else set(stay))
    return stay


def test_the_newest_and_those_that_are_named_stay(home: Home, releases: list[Release]) -> None:
    write_json({"hash": releases[0].hash}, candidate_file(home, NAME))  # built again, as it was
    write_json({"live": releases[1].hash}, home.retrieval_model(NAME) / "ranges.json")
    write_json({"live": releases[2].hash}, home.recommender(NAME) / "planned_ranges.json")
    stay = kept(home, releases, dry_run=True)
    assert stay == {
        0: "the newest that was built",
        1: "the next one is compared with it",
        2: "the next one is compared with it",
        4: "one of the newest 2",
        5: "one of the newest 2",
    }
    assert kept(home, releases) == stay
    assert not home.mlflow.exists() and not list(home.triton_models.glob("*/")), "no store and no server is made"


def test_the_champion_stays_and_versions_tell_which_releases_are_gone(home: Home, releases: list[Release]) -> None:
    mlflow = MlflowResource()
    for release in releases:
        mlflow.register(NAME, release.hash, release.path, None, {})
    elsewhere = "e" * 64
    mlflow.register(NAME, elsewhere, Path("/another/home/releases/toy") / elsewhere, None, {})
    mlflow.promote(NAME, releases[2].hash)
    stay = kept(home, releases)
    assert stay[2] == "champion in MLflow" and sorted(stay) == [2, 4, 5]
    assert marked() == {releases[number].hash for number in (0, 1, 3)}, "and what lies in another home is its own"
    parts = home.root / "parts-toy-0"
    again = Release.write(parts, home.releases, NAME, releases[0].manifest.metadata)
    mlflow.register(NAME, again.hash, again.path, None, {})
    assert marked() == {releases[number].hash for number in (1, 3)}, "it is there again"


def marked() -> set[str]:
    client = MlflowResource()._client()
    return {v.tags["release"] for v in client.search_model_versions(f"name = '{NAME}'") if "files_gone" in v.tags}


@pytest.mark.parametrize("place", ["ranges", "planned", "newest"])
def test_where_a_file_that_names_a_release_is_damaged_nothing_goes(
    home: Home, releases: list[Release], place: str
) -> None:
    file = {
        "ranges": home.retrieval_model(NAME) / "ranges.json",
        "planned": home.recommender(NAME) / "planned_ranges.json",
        "newest": candidate_file(home, NAME),
    }[place]
    file.parent.mkdir(parents=True)
    file.write_text("{")
    with pytest.raises(ValueError, match=rf"{file.name} is damaged .* none is removed; materialize the asset"):
        kept(home, releases)
    assert all(release.path.is_dir() for release in releases)


def test_where_mlflow_does_not_answer_nothing_goes(
    home: Home, releases: list[Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise ConnectionError("refused")

    monkeypatch.setattr(MlflowResource, "champion", down)
    with pytest.raises(RuntimeError, match=r"MLflow does not say .* none is removed \(refused\)"):
        kept(home, releases)
    assert all(release.path.is_dir() for release in releases)


def test_what_mlflow_could_not_be_told_is_gone_all_the_same(
    home: Home, releases: list[Release], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*_: object) -> None:
        raise ConnectionError("refused")

    monkeypatch.setattr(MlflowResource, "note_gone", down)
    assert sorted(kept(home, releases)) == [4, 5]
    assert "MLflow was not told which releases of 'toy' are gone: refused" in caplog.text


def test_a_leftover_that_cannot_be_removed_is_told(
    home: Home, releases: list[Release], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    left = Holding.going(tmp_path, "leftover", "old")
    monkeypatch.setattr(retention, "leftovers", lambda *_: [left])

    def refused(_: Path) -> Any:
        raise PermissionError("not yours")

    monkeypatch.setattr(retention, "remove", refused)
    *_, found = retain(NAME, home, TritonResource(), MlflowResource(), 2)
    assert not found.goes and found.why == "old, but could not be removed: not yours"
