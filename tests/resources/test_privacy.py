from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.home import Home
from resources.privacy import keep_private

ADDRESS = "triton: {address: 'shop:8001', repository: /models}"


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """As most systems have it; what is tested changes it for the process."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """One that a version before wrote, open to all."""
    home = Home.at(tmp_path / "home")
    release = home.release("shop", "ab")
    for folder in (home.dagster / "storage", home.triton_models / "shop", home.feast("shop"), release):
        folder.mkdir(parents=True)
        (folder / "file").touch()
    (release / "file").chmod(0o444)
    (home.root / "dagster" / "link").symlink_to(tmp_path)
    return home


def rights(root: Path) -> dict[str, int]:
    paths = (path for path in (root, *root.rglob("*")) if not path.is_symlink())
    return {str(path.relative_to(root)): path.stat().st_mode & 0o777 for path in paths}


def test_what_is_written_from_now_on_is_the_owners_alone(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "new")
    keep_private(home)
    assert not home.root.exists(), "nothing is made by looking"
    home.mlflow.mkdir(parents=True)
    home.mlflow_database.touch()
    assert rights(home.root) == {".": 0o700, "mlflow": 0o700, "mlflow/mlflow.db": 0o600}
    assert os.umask(0) == 0o077


def test_a_home_that_was_open_is_closed_once(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o755)
    keep_private(home)
    found = rights(home.root)
    assert not {path: mode for path, mode in found.items() if mode & 0o077}
    assert found["releases/shop/ab/file"] == 0o400 and found["triton/models/shop"] == 0o700
    assert tmp_path.stat().st_mode & 0o777 == 0o755, "a link leads out of the home"
    monkeypatch.setattr(os, "walk", lambda _: pytest.fail("it is closed already"))
    keep_private(home)


def test_what_was_interrupted_is_done_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (home.root / "dagster" / "storage").chmod(0o700)
    with monkeypatch.context() as stopped, pytest.raises(KeyboardInterrupt):
        stopped.setattr(Path, "chmod", interrupted)
        keep_private(home)
    keep_private(home)
    assert not {path: mode for path, mode in rights(home.root).items() if mode & 0o077}


def interrupted(path: Path, mode: int) -> None:
    raise KeyboardInterrupt


def test_a_folder_that_holds_more_than_a_home_is_left_open(home: Home) -> None:
    """Such as the user's own, where RECSYS_HOME names it."""
    others = home.root / "photos"
    others.mkdir()
    keep_private(home)
    found = rights(home.root)
    assert found["."] == found["photos"] == 0o755
    assert found["dagster"] == 0o700 and found["dagster/storage/file"] == 0o600


def test_a_server_of_ones_own_reads_what_it_read_before(home: Home) -> None:
    (home.root / "resources.yaml").write_text(ADDRESS)
    before = rights(home.root)
    keep_private(home)
    assert os.umask(0o022) == 0o022
    found = rights(home.root)
    for path, mode in found.items():
        if path.startswith(("releases", "feast")):
            assert mode == before[path], path
        else:
            assert not mode & (0o066 if path == "." else 0o077), path


@pytest.mark.parametrize("text", ["triton: [", "triton: 7", "- a"], ids=["no yaml", "a number", "a list"])
def test_settings_that_nobody_understands_change_nothing(home: Home, text: str) -> None:
    (home.root / "resources.yaml").write_text(text)
    before = rights(home.root)
    keep_private(home)
    assert rights(home.root) == before and os.umask(0o022) == 0o022
