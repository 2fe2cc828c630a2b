from __future__ import annotations

import logging
import shutil
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.component.code_location import build_code_location
from recsys_assets.component.locations import blueprints, find
from recsys_assets.component.shared_definitions import shared_definitions
from recsys_assets.component.yaml_errors import YamlError
from recsys_assets.settings.recommender_settings import RecommenderSettings
from resources.home import Home
from tests.recsys_assets.broken_files import BROKEN


def keys(defs: dg.Definitions) -> set[str]:
    return {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}


def location(home: Home, *folders: Path, own: Path) -> dg.Definitions:
    return build_code_location(folders, shared_definitions(home), own)


@pytest.fixture
def own(tmp_path: Path, shop: Path) -> Path:
    """A folder of recommenders with one, called `mine`."""
    shutil.copytree(shop, tmp_path / "own" / "mine")
    return tmp_path / "own"


def test_recommenders_lie_side_by_side_under_their_prefixes(shop: Path, own: Path, home: Home) -> None:
    found = keys(location(home, shop, own=own))
    assert {"shop/interactions", "mine/interactions"} <= found


def test_a_parent_of_several_folders(shop: Path, tmp_path: Path) -> None:
    for name in ("b", "a"):
        shutil.copytree(shop, tmp_path / "all" / name)
    assert [folder.name for folder in find([tmp_path / "all"])] == ["a", "b"]


def test_a_broken_yaml_is_told_and_takes_nobody_down(
    shop: Path, own: Path, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text().replace("label:", "lable:"))
    with caplog.at_level(logging.ERROR):
        defs = location(home, shop, own=own)
    assert f"{shop / 'defs.yaml'}:10: " in caplog.text
    found = keys(defs)
    assert "mine/interactions" in found
    assert "shop/defs_yaml" in found
    assert "shop/interactions" not in found


@pytest.mark.parametrize("name", BROKEN)
def test_a_log_that_no_library_can_read_is_its_own_recommenders_alone(
    shop: Path, own: Path, home: Home, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    for file in (shop / "logs").iterdir():
        file.unlink()
    (shop / "logs" / name).write_bytes(BROKEN[name]())
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text().replace("logs/*.csv", "logs/*"))
    found = keys(location(home, shop, own=own))
    assert {"shop/interactions", "mine/interactions"} <= found
    assert not any(key.endswith("defs_yaml") for key in found)
    (blueprint,) = blueprints(shop, home)
    assert blueprint.problem is not None
    assert str(shop / "logs" / name) in blueprint.problem
    (other,) = blueprints(own / "mine", home)
    assert other.problem is None
    assert str(other.partitions.get_first_partition_key()) == "2024-01-01"


def test_a_panic_while_loading_is_the_note_of_one_recommender(
    shop: Path, own: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = Blueprint.draw

    def panics(settings: RecommenderSettings, folder: Path, home: Home) -> Blueprint:
        if folder.name == "shop":
            raise pl.exceptions.PanicException("called `Option::unwrap()` on a `None` value")
        return draw(settings, folder, home)

    monkeypatch.setattr(Blueprint, "draw", panics)
    found = keys(location(home, shop, own=own))
    assert "mine/interactions" in found
    assert {key for key in found if key.startswith("shop/")} == {"shop/defs_yaml"}


def test_two_folders_cannot_define_one_name(shop: Path, own: Path, home: Home) -> None:
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text() + "  name: mine\n")
    defs = location(home, shop, own=own)
    note = next(spec for spec in defs.resolve_all_asset_specs() if spec.key.path[-1] == "defs_yaml")
    assert f"'mine' is defined in {own / 'mine' / 'defs.yaml'} already" in str(note.description)


@pytest.mark.parametrize("other", ["my-shop", "my_shop"])
def test_names_that_dagster_cannot_tell_apart(shop: Path, own: Path, home: Home, other: str) -> None:
    first = {"my-shop": "my_shop", "my_shop": "my-shop"}[other]
    (own / "mine").rename(own / first)
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text() + f"  name: {other}\n")
    defs = location(home, shop, own=own)
    assert {f"{first}/interactions", "shop/defs_yaml"} <= keys(defs)
    defs.get_repository_def()  # no two steps, sensors or schedules have one name
    note = next(spec for spec in defs.resolve_all_asset_specs() if spec.key.path[-1] == "defs_yaml")
    assert f"a recommender named '{other}' is defined in {own / first / 'defs.yaml'} already" in str(note.description)
    assert f"whose name is '{first}' ('-' and '_' do not tell names apart)" in str(note.description)


@pytest.mark.parametrize("names", [("one", "one"), ("a-b", "a_b")], ids=["equal", "alike"])
def test_two_recommenders_of_one_file_need_two_names(shop: Path, own: Path, home: Home, names: tuple[str, str]) -> None:
    yaml = (shop / "defs.yaml").read_text()
    (shop / "defs.yaml").write_text("---\n".join(f"{yaml}  name: {name}\n" for name in names))
    defs = location(home, shop, own=own)
    assert {"mine/interactions", "shop/defs_yaml"} <= keys(defs)
    defs.get_repository_def()


def test_folders_of_one_name_in_two_places(shop: Path, tmp_path: Path, own: Path, home: Home) -> None:
    other = tmp_path / "elsewhere" / "shop"
    shutil.copytree(shop, other)
    (other / "defs.yaml").write_text((other / "defs.yaml").read_text() + "  name: second\n")
    assert {"shop/users", "second/users"} <= keys(location(home, shop, other, own=own))


def test_a_folder_that_is_not_there(tmp_path: Path, own: Path, home: Home) -> None:
    defs = location(home, tmp_path / "nowhere", own=own)
    assert "mine/interactions" in keys(defs)
    with pytest.raises(YamlError, match=r"nowhere is named in RECSYS_RECOMMENDERS but is not a folder"):
        find([tmp_path / "nowhere"])


def test_a_folder_without_recommenders(tmp_path: Path) -> None:
    with pytest.raises(YamlError, match=r"holds a defs\.yaml"):
        find([tmp_path])


def test_a_folder_named_twice_is_loaded_once(shop: Path, own: Path, home: Home) -> None:
    found = keys(location(home, shop, shop.parent, shop, own=own))
    assert "shop/interactions" in found
    assert not any(key.endswith("defs_yaml") for key in found)


def test_broken_folders_of_one_name_and_of_an_odd_one_take_nobody_down(
    shop: Path, own: Path, home: Home, tmp_path: Path
) -> None:
    places = [tmp_path / "a" / "toys", tmp_path / "b" / "toys", tmp_path / "c" / "Spiel & Spaß.d", tmp_path / "toys"]
    for place in places[:3]:
        place.mkdir(parents=True)
        (place / "defs.yaml").write_text("type: [")
    found = keys(location(home, *places, shop, own=own))
    assert "shop/interactions" in found
    assert {"toys/defs_yaml", "toys_2/defs_yaml", "toys_3/defs_yaml", "Spiel___Spa__d/defs_yaml"} <= found
