from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from feature_repo.settings import StoreSettings, project_of


def test_the_file_says_where_features_live(tmp_path: Path) -> None:
    path = StoreSettings().write(tmp_path / "demo", "demo")
    said = yaml.safe_load(path.read_text())
    assert said["online_store"] == {"type": "sqlite", "path": "online.db"}
    assert said["project"].startswith("demo_")
    assert {file.name for file in (tmp_path / "demo").iterdir()} == {"feature_store.yaml", "place", ".writing.lock"}


def test_redis_by_configuration_alone(tmp_path: Path) -> None:
    settings = StoreSettings("redis", 'cache:6379,password=a"b:{c}')
    said = yaml.safe_load(settings.write(tmp_path, "demo").read_text())["online_store"]
    assert (said["type"], said["skip_dedup"]) == ("redis", True)
    assert said["connection_string"].startswith('cache:6379,password=a"b:{c},socket_timeout=1,')


def test_limits_on_waiting_that_are_given_hold() -> None:
    given = StoreSettings("redis", "cache:6379,socket_timeout=9").online()["connection_string"]
    assert str(given).count("socket_timeout") == 1


def test_an_unchanged_file_is_left_alone(tmp_path: Path) -> None:
    path = StoreSettings().write(tmp_path, "demo")
    before = path.stat().st_ino
    assert StoreSettings().write(tmp_path, "demo").stat().st_ino == before
    assert StoreSettings("redis", "cache:6379").write(tmp_path, "demo").stat().st_ino != before


REDIS = StoreSettings("redis", "cache:6379")


def project(settings: StoreSettings, folder: Path, name: str = "a-b") -> str | None:
    settings.write(folder, name)
    return project_of(folder)


@pytest.mark.parametrize("settings", [StoreSettings(), REDIS], ids=["sqlite", "redis"])
def test_two_homes_have_two_projects(settings: StoreSettings, tmp_path: Path) -> None:
    names = {project(settings, tmp_path / place / name, name) for name in ("a-b", "a_b") for place in ("x", "y")}
    assert len(names) == 4
    assert all(name is not None and name.replace("_", "").isalnum() for name in names)
    assert project(settings, tmp_path / "x" / "a-b", "other") not in names, "another recommender in its place"


def test_those_who_begin_at_once_have_one_project(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: project(StoreSettings(), tmp_path / "new"), range(16)))
    assert len(found) == 1


@pytest.mark.parametrize("settings", [StoreSettings(), REDIS], ids=["sqlite", "redis"])
def test_a_folder_that_is_moved_keeps_its_project(settings: StoreSettings, tmp_path: Path) -> None:
    before = project(settings, tmp_path / "old")
    for number in range(2):
        (tmp_path / ("old" if not number else "new0")).rename(tmp_path / f"new{number}")
        assert project(settings, tmp_path / f"new{number}") == before


def test_a_copy_has_a_project_of_its_own_where_the_store_is_shared(tmp_path: Path) -> None:
    for settings, same in ((StoreSettings(), True), (REDIS, False)):
        place = tmp_path / settings.online_store
        before = project(settings, place / "home")
        shutil.copytree(place / "home", place / "copy")
        copied = project(settings, place / "copy")
        assert (copied == before) == same
        assert project(settings, place / "copy") == copied and project(settings, place / "home") == before
        (place / "link").symlink_to(place / "home")
        assert project(settings, place / "link") == before, "the same folder by another name"


def test_a_project_that_an_earlier_version_named_after_its_folder_stays(tmp_path: Path) -> None:
    for settings in (StoreSettings(), REDIS):
        path = settings.write(tmp_path / "old", "a-b")
        path.write_text(path.read_text().replace(str(project_of(tmp_path / "old")), "a_b_0123abcd"))
        (tmp_path / "old" / "place").unlink()
        (tmp_path / "old").rename(tmp_path / "new")
        assert project(settings, tmp_path / "new") == "a_b_0123abcd"
        shutil.rmtree(tmp_path / "new")


def test_redis_needs_an_address() -> None:
    with pytest.raises(ValueError, match="online_store redis has no connection_string"):
        StoreSettings("redis")
