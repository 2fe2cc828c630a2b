from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from feature_repo.settings import StoreSettings, project_name


def test_the_file_says_where_features_live(tmp_path: Path) -> None:
    path = StoreSettings().write(tmp_path / "demo", "demo")
    said = yaml.safe_load(path.read_text())
    assert said["online_store"] == {"type": "sqlite", "path": "online.db"}
    assert said["project"].startswith("demo_")
    assert [file.name for file in (tmp_path / "demo").iterdir()] == ["feature_store.yaml"]


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


def test_two_homes_have_two_projects(tmp_path: Path) -> None:
    names = {project_name(name, tmp_path / place) for name in ("a-b", "a_b") for place in ("x", "y")}
    assert len(names) == 4
    assert all(name.replace("_", "").isalnum() for name in names)


def test_redis_needs_an_address() -> None:
    with pytest.raises(ValueError, match="online_store redis has no connection_string"):
        StoreSettings("redis")
