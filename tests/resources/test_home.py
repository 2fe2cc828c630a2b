from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from resources.home import Home, checked_name


def test_the_home_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "home"))
    assert Home.from_environment().root == tmp_path / "home"
    monkeypatch.delenv("RECSYS_HOME")
    monkeypatch.chdir(tmp_path)
    assert Home.from_environment().root == tmp_path / ".recsys"


@pytest.mark.parametrize("below", ["", "deep/down"])
def test_a_file_is_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("RECSYS_HOME", str(file / below))
    with pytest.raises(ValueError, match=rf"RECSYS_HOME is {file / below}, expected a folder.*{file} is a file; give"):
        Home.from_environment()


@pytest.mark.parametrize("name", ["a?b", "a*b", "old [1]", "a%20b", "a%2Fb/c"])
def test_a_path_with_a_meaning_of_its_own_is_no_home(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("RECSYS_HOME", f"/srv/{name}")
    with pytest.raises(ValueError, match=r"expected a path without '.*give that a meaning; give RECSYS_HOME another"):
        Home.from_environment()


@pytest.mark.parametrize("name", ["My Projects", "größer", "100% #1", 'it\'s "$HOME"', "a;b&c(d)", "a\\b"])
def test_other_paths_are_homes(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("RECSYS_HOME", f"/srv/{name}")
    assert Home.from_environment().root == Path(f"/srv/{name}")


def test_everything_lies_below_the_root(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    paths = [getattr(home, name) for name in ("dagster", "mlflow_database", "triton_models", "releases")]
    paths += [home.features("demo", "2026-01-02"), home.interactions("demo", date(2026, 1, 2))]
    paths += [home.release("demo", "f" * 64)]
    paths += [home.served("demo", "2026-01-02")]
    assert all(path.is_relative_to(tmp_path) and path != tmp_path for path in paths)
    assert home.interactions("demo", date(2026, 1, 2)).name == "2026-01-02.parquet"
    assert not any(tmp_path.iterdir()), "asking for a path creates nothing"


@pytest.mark.parametrize("name", ["", "..", "a/b", "a.b", "-x", "ü", "x" * 101, "a\n"])
def test_names_that_could_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="recommender's name"):
        Home.at(tmp_path).recommender(name)
    assert checked_name("Demo_2-b") == "Demo_2-b"


def test_a_day_is_a_date(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="isoformat"):
        Home.at(tmp_path).interactions("demo", "../2026")
