from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ops_gpu.logs import IdTypes
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.component.locations import blueprints
from recsys_assets.tables.id_types import decided_id_types, id_types
from recsys_assets.tables.raw_tables import raw_tables
from resources.home import Home
from tests.recsys_assets.runs import materialize

DAYS = ("2024-01-01", "2024-01-03")


def test_the_decision_is_kept(shop: Path, home: Home) -> None:
    blueprint = blueprints(shop, home)[0]
    assert id_types(blueprint) == IdTypes("integer", "integer")
    (shop / "logs" / "2024-01-04.csv").write_text("user,item,time,stars\nbob,1,2024-01-04,5\n")
    assert id_types(blueprint) == IdTypes("integer", "integer")


def test_what_an_older_version_decided_holds_and_is_completed(shop: Path, home: Home) -> None:
    yaml = (shop / "defs.yaml").read_text().replace("    label:", "    categorical: [stars]\n    label:")
    (shop / "defs.yaml").write_text(yaml)
    blueprint = blueprints(shop, home)[0]
    id_types(blueprint)
    path = home.recommender("shop") / "id_types.json"
    values = read_json(path)
    assert values["types"] == {"user": "integer", "item": "integer", "kept": {"stars": "string"}}
    write_json(values | {"types": {"user": "string", "item": "integer"}}, path)
    assert id_types(blueprint) == IdTypes("string", "integer", {"stars": "string"})
    assert read_json(path)["types"]["kept"] == {"stars": "string"}


def edit(shop: Path, old: str, new: str, home: Home) -> Blueprint:
    """The recommender after an edit of its YAML."""
    text = (shop / "defs.yaml").read_text()
    assert old in text
    (shop / "defs.yaml").write_text(text.replace(old, new))
    return blueprints(shop, home)[0]


def a_bad_row(shop: Path, folder: str = "logs") -> None:
    with (shop / folder / "2024-01-02.csv").open("a") as file:
        file.write("N/A,3,2024-01-02T20:00:00,5\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("stars >= 4", "stars >= 3"),
        ("    label:", "    filters: [stars > 1]\n    label:"),
        ("    label:", "    unique: [user, item]\n    label:"),
        ("    label:", "    continuous: [stars]\n    label:"),
        ("    categorical: [kind]", "    continuous: [kind]"),
        ("    title: name\n", ""),
    ],
    ids=["label", "filters", "unique", "kept column", "features", "title"],
)
def test_settings_that_say_nothing_of_ids_decide_nothing(shop: Path, home: Home, old: str, new: str) -> None:
    blueprint = blueprints(shop, home)[0]
    assert materialize(shop, ["interactions"], *DAYS).success
    a_bad_row(shop)
    blueprint = edit(shop, old, new, home)
    assert id_types(blueprint) == IdTypes("integer", "integer")
    assert decided_id_types(blueprint)[1] == {}


def test_nor_do_they_over_what_an_older_version_noted(shop: Path, home: Home) -> None:
    assert materialize(shop, ["interactions"], *DAYS).success
    path = home.recommender("shop") / "id_types.json"
    values = read_json(path)
    assert ", null_values=" in values["logs"] and ", only_filters=()" in values["logs"]
    older = re.sub(r", null_values=\S+?(?=\))", "", values["logs"]).replace(", only_filters=()", "")
    write_json({**values, "logs": older}, path)
    a_bad_row(shop)
    assert id_types(edit(shop, "stars >= 4", "stars >= 3", home)) == IdTypes("integer", "integer")


def test_categories_that_were_decided_stay_when_others_come(shop: Path, home: Home) -> None:
    parquet = shop / "events"
    parquet.mkdir()
    for file in (shop / "logs").glob("*.csv"):
        pl.read_csv(file).with_columns(shelf=pl.col("stars") * 2).write_parquet(parquet / f"{file.stem}.parquet")
    blueprint = edit(shop, "logs/*.csv", "events/*.parquet", home)
    blueprint = edit(shop, "    label:", "    categorical: [stars]\n    label:", home)
    assert materialize(shop, ["interactions"], *DAYS).success
    assert id_types(blueprint).kept == {"stars": "integer"}
    more = pl.read_parquet(parquet / "2024-01-03.parquet").with_columns(stars=pl.lit("five"))
    more.write_parquet(parquet / "2024-01-04.parquet")
    blueprint = edit(shop, "[stars]", "[stars, shelf]", home)
    assert id_types(blueprint).kept == {"stars": "integer", "shelf": "integer"}


def test_another_type_of_another_source_needs_a_word_of_the_yaml(shop: Path, home: Home) -> None:
    assert materialize(shop, ["interactions", "users", "items"], *DAYS).success
    before = home.interactions("shop", "2024-01-02").read_bytes()
    shutil.copytree(shop / "logs", shop / "other")
    a_bad_row(shop, "other")
    blueprint = edit(shop, "logs/*.csv", "other/*.csv", home)
    for _ in range(2):
        assert id_types(blueprint) == IdTypes("integer", "integer")
        assert decided_id_types(blueprint)[1] == {"user": "string"}
    for asset in ("interactions", "users"):
        result = materialize(shop, [asset], *(DAYS if asset == "interactions" else ()))
        assert not result.success
        (found,) = [c for c in result.get_asset_check_evaluations() if c.check_name == "contract"]
        assert not found.passed
        assert "user ids were decided to be of type integer and are of type string" in str(found.description)
        assert "user_id_type: string for other ids than before" in str(found.description)
    assert materialize(shop, ["items"]).success
    assert (
        pl.read_parquet(home.interactions("shop", "2024-01-02"))
        .drop("__file__")
        .equals(pl.read_parquet(before).drop("__file__"))
    )


@pytest.mark.parametrize("said", ["integer", "string"])
def test_a_type_that_the_yaml_says_is_taken(shop: Path, home: Home, said: str) -> None:
    assert materialize(shop, ["interactions"], *DAYS).success
    shutil.copytree(shop / "logs", shop / "other")
    a_bad_row(shop, "other")
    edit(shop, "logs/*.csv", "other/*.csv", home)
    blueprint = edit(shop, "    label:", f"    user_id_type: {said}\n    label:", home)
    assert materialize(shop, ["interactions", "users"], *DAYS).success
    assert id_types(blueprint).user == said
    assert decided_id_types(blueprint)[1] == {}


def test_mended_files_need_no_word(shop: Path, home: Home) -> None:
    assert materialize(shop, ["interactions"], *DAYS).success
    shutil.copytree(shop / "logs", shop / "other")
    a_bad_row(shop, "other")
    blueprint = edit(shop, "logs/*.csv", "other/*.csv", home)
    assert decided_id_types(blueprint)[1] == {"user": "string"}
    shutil.copy(shop / "logs" / "2024-01-02.csv", shop / "other" / "2024-01-02.csv")
    assert decided_id_types(blueprint)[1] == {}
    assert materialize(shop, ["interactions"], *DAYS).success


def test_before_anything_was_read_all_of_the_yaml_decides(shop: Path, home: Home) -> None:
    a_bad_row(shop)
    assert id_types(blueprints(shop, home)[0]) == IdTypes("string", "integer")
    blueprint = edit(shop, "    label:", "    filters: ['\"user\" != ''N/A''']\n    label:", home)
    assert id_types(blueprint) == IdTypes("integer", "integer")


def test_what_is_evaluated_without_assets_has_the_decided_types_too(shop: Path, home: Home) -> None:
    first, last = map(date.fromisoformat, DAYS)
    assert materialize(shop, ["interactions"], *DAYS).success
    a_bad_row(shop)
    events, users, items = raw_tables(blueprints(shop, home)[0], first, last)
    assert {frame.schema[name] for frame, name in ((events, "user_id"), (users, "user_id"), (items, "item_id"))} == {
        pl.Int64
    }
