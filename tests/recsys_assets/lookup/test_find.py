from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from recsys_assets.component.yaml_errors import YamlError
from recsys_assets.lookup.find import find_recommender
from resources.home import Home


def named_folders(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    monkeypatch.setenv("RECSYS_RECOMMENDERS", os.pathsep.join(map(str, folders)))


def what(name: str, home: Home) -> str:
    with pytest.raises(YamlError) as caught:
        find_recommender(name, home)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_missing_folder_and_a_broken_yaml_elsewhere_do_not_matter(
    shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "defs.yaml").write_text("type: [")
    named_folders(monkeypatch, tmp_path / "nowhere", tmp_path / "broken", shop)
    assert find_recommender("shop", home).name == "shop"
    message = what("toys", home)
    assert "no recommender 'toys', only demo, shop" in message
    assert f"{tmp_path / 'nowhere'} is named in RECSYS_RECOMMENDERS but is not a folder" in message
    assert f"{tmp_path / 'broken' / 'defs.yaml'}:" in message


def test_a_broken_yaml_is_told_alone_under_the_name_of_its_folder(
    shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (shop / "defs.yaml").write_text("type: [")
    named_folders(monkeypatch, tmp_path / "nowhere", shop)
    message = what("shop", home)
    assert message.startswith(f"{shop / 'defs.yaml'}:")
    assert "nowhere" not in message


def test_two_recommenders_of_one_name_are_both_refused(
    shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(shop, tmp_path / "other" / "shop")
    named_folders(monkeypatch, shop, tmp_path / "other")
    message = what("shop", home)
    assert f"{shop / 'defs.yaml'} and {tmp_path / 'other' / 'shop' / 'defs.yaml'}" in message
    assert "another name" in message


def test_a_folder_named_twice_is_one(shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    named_folders(monkeypatch, shop, shop.parent, shop)
    assert find_recommender("shop", home).name == "shop"


def test_the_log_of_another_recommender_is_not_looked_at(
    shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(shop, tmp_path / "other")
    named_folders(monkeypatch, tmp_path / "other", shop)
    find_recommender("shop", home)
    assert [path.name for path in (home.root / "recommenders").iterdir()] == ["shop"]


def test_of_two_names_that_are_alike_the_first_is_known(
    shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("my-shop", "my_shop"):
        shutil.copytree(shop, tmp_path / name)
    named_folders(monkeypatch, tmp_path / "my-shop", tmp_path / "my_shop")
    assert find_recommender("my-shop", home).name == "my-shop"
    assert "'my-shop' and 'my_shop' have one name" in what("my_shop", home)
