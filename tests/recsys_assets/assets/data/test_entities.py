from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ops_gpu.logs import LogError
from ops_gpu.logs.log_events import LogEvents
from recsys_assets.blueprint.asset_names import RAW
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.component.locations import load
from recsys_assets.component.shared_definitions import shared_definitions
from resources.home import Home
from tests.recsys_assets.runs import failure, materialize

DAYS = ("2024-01-01", "2024-01-03")
OLD = "99,Old thing,b\n"


def test_users_are_derived_and_items_read(shop: Path, home: Home) -> None:
    assert materialize(shop, ["interactions", "users", "items"], *DAYS).success
    assert pl.read_parquet(home.users("shop"))["user_id"].to_list() == list(range(1, 9))
    items = pl.read_parquet(home.items("shop"))
    assert items.columns == ["item_id", "title", "available", "kind"]
    assert items["title"][0] == "Thing 1"


def test_which_ids_there_are_is_told_by_the_interactions(
    shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert materialize(shop, ["interactions", "users", "items"], *DAYS).success
    before = {
        kind: pl.read_parquet(path) for kind, path in (("users", home.users("shop")), ("items", home.items("shop")))
    }

    def refuse(*_: Any) -> None:
        raise AssertionError("the log was read")

    monkeypatch.setattr(LogEvents, "rows", refuse)
    monkeypatch.setattr(LogEvents, "seen", refuse)
    monkeypatch.setattr(Blueprint, "log_days", refuse)  # nor is it looked at which days it holds
    assert materialize(shop, ["users", "items"]).success
    assert_frame_equal(pl.read_parquet(home.users("shop")), before["users"])
    assert_frame_equal(pl.read_parquet(home.items("shop")), before["items"])
    assert RAW["interactions"] not in inputs(shop, home, "users") | inputs(shop, home, "items")


def test_what_else_is_taken_from_the_log_has_an_arrow(shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    yaml = (shop / "defs.yaml").read_text()
    (shop / "defs.yaml").write_text(yaml + "  users: {categorical: [stars]}\n")
    assert materialize(shop, ["interactions", "users"], *DAYS).success
    assert pl.read_parquet(home.users("shop")).columns == ["user_id", "stars"]
    assert RAW["interactions"] in inputs(shop, home, "users")
    monkeypatch.setattr(LogEvents, "rows", lambda *_: (_ for _ in ()).throw(LogError("the log was read")))
    assert "the log was read" in failure(materialize(shop, ["users"]))


def with_old_thing(shop: Path) -> tuple[Path, Path]:
    """Adds an item and a user whom one file of the log alone holds; gives this file and the items."""
    log, items = shop / "logs" / "2024-01-02.csv", shop / "items.csv"
    log.write_text(log.read_text() + "77,99,2024-01-02T20:00:00,5\n")
    items.write_text(items.read_text() + OLD)
    return log, items


def test_what_its_table_lets_go_of_is_gone_though_the_log_holds_it(shop: Path, home: Home) -> None:
    yaml, items = shop / "defs.yaml", shop / "items.csv"
    assert materialize(shop, ["interactions", "users", "items"], *DAYS).success
    items.write_text(items.read_text().replace("2,Thing 2,b\n", ""))
    assert materialize(shop, ["interactions", "users", "items"], *DAYS).success
    row = pl.read_parquet(home.items("shop")).row(by_predicate=pl.col("item_id") == 2, named=True)
    assert row == {"item_id": 2, "title": None, "available": True, "kind": None}
    yaml.write_text(yaml.read_text().replace("categorical: [kind]", "available: kind <> 'x'\n    categorical: [kind]"))
    assert materialize(shop, ["items"]).success
    row = pl.read_parquet(home.items("shop")).row(by_predicate=pl.col("item_id") == 2, named=True)
    assert row["available"] is False  # what no table holds is not offered, where a table says what is


def test_of_files_that_are_gone_only_ids_of_no_other_file_stay(shop: Path, home: Home) -> None:
    log, items = with_old_thing(shop)
    assert materialize(shop, ["interactions", "users", "items"], *DAYS).success
    log.unlink()
    items.write_text(items.read_text().replace(OLD, "").replace("2,Thing 2,b\n", ""))
    result = materialize(shop, ["interactions", "users", "items"], *DAYS)
    assert result.success
    assert (titles(home)[99], titles(home)[2]) == ("Old thing", None)
    assert result.asset_materializations_for_node("shop__items")[0].metadata["rows_added"].value == 2


def test_whose_file_was_rotated_away_stays_though_its_day_is_not_read_again(shop: Path, home: Home) -> None:
    log, items = with_old_thing(shop)
    kept = log.read_text()
    assert materialize(shop, ["interactions", "items"], *DAYS).success
    items.write_text(items.read_text().replace(OLD, ""))
    named = shop / "logs" / "other 2024-01-02.csv"
    log.rename(named)
    assert materialize(shop, ["items"]).success  # a file of another name holds it
    assert titles(home)[99] is None
    items.write_text(items.read_text() + OLD)
    assert materialize(shop, ["items"]).success
    items.write_text(items.read_text().replace(OLD, ""))
    named.unlink()
    assert materialize(shop, ["items"]).success
    assert titles(home)[99] == "Old thing"
    named.write_text(kept)
    assert materialize(shop, ["items"]).success  # it is back
    assert titles(home)[99] is None


def test_whose_day_a_version_of_before_has_read_stays(shop: Path, home: Home) -> None:
    (log, items), day = with_old_thing(shop), home.interactions("shop", date(2024, 1, 2))
    assert materialize(shop, ["interactions", "items"], *DAYS).success
    log.unlink()
    items.write_text(items.read_text().replace(OLD, "").replace("2,Thing 2,b\n", ""))
    pl.read_parquet(day).drop("__file__").write_parquet(day)
    (home.interactions_folder("shop") / "days.json").unlink()
    assert materialize(shop, ["items"]).success
    assert (titles(home)[99], titles(home)[2]) == ("Old thing", None)


def titles(home: Home) -> dict[int, str | None]:
    return {row["item_id"]: row["title"] for row in pl.read_parquet(home.items("shop")).to_dicts()}


def test_a_derived_table_is_of_the_days_that_were_read(shop: Path, home: Home) -> None:
    log = shop / "logs" / "2024-01-03.csv"
    log.write_text(log.read_text() + "88,1,2024-01-03T20:00:00,5\n")
    for users in ("", "  users: {categorical: [stars]}\n"):
        (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text() + users)
        assert materialize(shop, ["interactions", "users"], DAYS[0], "2024-01-02").success
        assert 88 not in pl.read_parquet(home.users("shop"))["user_id"]
    assert materialize(shop, ["interactions", "users"], *DAYS).success
    assert 88 in pl.read_parquet(home.users("shop"))["user_id"]


def inputs(folder: Path, home: Home, asset: str) -> set[str]:
    graph = dg.Definitions.merge(load(folder), shared_definitions(home)).resolve_asset_graph()
    return {key.path[-1] for key in graph.get(dg.AssetKey(["shop", asset])).parent_keys}


def test_duplicate_items_are_counted(shop: Path, home: Home) -> None:
    with (shop / "items.csv").open("a") as file:
        file.write("10,Another name,b\n")
    result = materialize(shop, ["interactions", "items"], *DAYS)
    assert result.success
    event = result.asset_materializations_for_node("shop__items")[0]
    assert "duplicate | 1" in event.metadata["left_out"].value
    assert pl.read_parquet(home.items("shop"))["title"][-1] == "Thing 10"


def test_a_column_that_does_not_exist(shop: Path, home: Home) -> None:
    yaml = (shop / "defs.yaml").read_text()
    (shop / "defs.yaml").write_text(yaml.replace("[kind]", "[colour]"))
    message = failure(materialize(shop, ["interactions", "items"], *DAYS))
    assert "items.csv" in message
    assert "colour" in message
    assert not home.items("shop").exists()


def test_ids_keep_the_type_of_the_first_run(shop: Path, home: Home) -> None:
    materialize(shop, ["interactions"], *DAYS)
    with (shop / "items.csv").open("a") as file:
        file.write("x17,Odd one,a\n")
    result = materialize(shop, ["items"])
    assert result.success
    assert pl.read_parquet(home.items("shop"))["item_id"].dtype == pl.Int64
    assert "id_not_integer" in result.asset_materializations_for_node("shop__items")[0].metadata["left_out"].value


def test_a_table_with_too_many_unusable_rows_is_refused_before_anything_is_written(shop: Path, home: Home) -> None:
    materialize(shop, ["interactions", "items"], *DAYS)
    before = home.items("shop").read_bytes()
    text = (shop / "items.csv").read_text()
    (shop / "items.csv").write_text(text.replace("\n1,", "\nx1,").replace("\n2,", "\nx2,"))
    message = failure(materialize(shop, ["items"]))
    assert "2 of the 10 rows of the items table cannot be used (id_not_integer 2; for example item = 'x1'" in message
    assert "expected at most 10%" in message
    assert home.items("shop").read_bytes() == before
    limit = (shop / "defs.yaml").read_text() + "  quality: {max_unusable_share: 0.2}\n"
    (shop / "defs.yaml").write_text(limit)
    assert materialize(shop, ["items"]).success


def test_an_infinite_price_is_no_price_and_is_shown(shop: Path, home: Home) -> None:
    items = pl.read_csv(shop / "items.csv").with_columns(price=pl.Series([float("inf"), 2.5, None] + [1.0] * 7))
    items.write_parquet(shop / "items.parquet")
    yaml = (shop / "defs.yaml").read_text().replace("items.csv", "items.parquet")
    (shop / "defs.yaml").write_text(yaml + "    continuous: [price]\n")
    result = materialize(shop, ["interactions", "items"], *DAYS)
    assert result.success
    assert pl.read_parquet(home.items("shop"))["price"].head(3).to_list() == [None, 2.5, None]
    left_out = result.asset_materializations_for_node("shop__items")[0].metadata["left_out"].value
    assert "unreadable price | 1" in str(left_out)


def lists_of(home: Home) -> object:
    """What is known as the kind of an item that no table holds any more."""
    kind = pl.read_parquet(home.items("shop")).filter(pl.col("item_id") == 99)["kind"][0]
    return kind.to_list() if isinstance(kind, pl.Series) else kind


def test_whoever_has_a_kept_event_stays_with_what_was_known(shop: Path, home: Home) -> None:
    log, items = with_old_thing(shop)
    assert materialize(shop, ["interactions", "users", "items"], *DAYS).success
    log.unlink()
    items.write_text(items.read_text().replace(OLD, ""))
    assert materialize(shop, ["interactions", "users", "items"], *DAYS).success
    assert 77 in pl.read_parquet(home.users("shop"))["user_id"]
    old = pl.read_parquet(home.items("shop")).row(by_predicate=pl.col("item_id") == 99, named=True)
    assert (old["title"], old["kind"]) == ("Old thing", "b")
    yaml = shop / "defs.yaml"
    yaml.write_text(yaml.read_text().replace("categorical: [kind]", "continuous: [kind]"))
    items.write_text(items.read_text().replace(",a\n", ",1.5\n").replace(",b\n", ",2.5\n"))
    assert materialize(shop, ["items"], *DAYS).success  # "b" is no number, and what is known of it is no reason to end
    old = pl.read_parquet(home.items("shop")).row(by_predicate=pl.col("item_id") == 99, named=True)
    assert (old["title"], old["kind"]) == ("Old thing", None)
    yaml.write_text(yaml.read_text().replace("continuous: [kind]", "lists: [kind]"))
    assert materialize(shop, ["items"], *DAYS).success  # nor is a number a list
    assert lists_of(home) == []
    yaml.write_text(yaml.read_text().replace("lists: [kind]", "categorical: [kind]"))
    assert materialize(shop, ["items"], *DAYS).success
    assert lists_of(home) is None
    assert materialize(shop, ["interactions", "users", "items"], *DAYS, drop_missing=True).success
    assert 77 not in pl.read_parquet(home.users("shop"))["user_id"]
