from __future__ import annotations

from pathlib import Path

import pytest

from resources.environment import path_variables, recommender_folders
from resources.home import Home


def test_folders_are_absolute_and_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECSYS_RECOMMENDERS", f"b::{tmp_path / 'a'}: ")
    assert recommender_folders() == (tmp_path / "b", tmp_path / "a")


def test_none_are_named_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECSYS_RECOMMENDERS", raising=False)
    assert recommender_folders() == ()


def test_the_home_is_always_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECSYS_HOME", raising=False)
    monkeypatch.setenv("DATA", "somewhere")
    variables = path_variables(Home.at(tmp_path))
    assert (variables["RECSYS_HOME"], variables["DATA"]) == (str(tmp_path), "somewhere")
