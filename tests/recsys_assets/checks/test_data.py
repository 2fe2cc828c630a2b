from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from resources.home import Home
from tests.recsys_assets.runs import materialize

DAYS = ("2024-01-01", "2024-01-03")


def said(result: dg.ExecuteInProcessResult, check: str) -> str:
    """What a check that was not passed says, in one line."""
    found = next(c for c in result.get_asset_check_evaluations() if c.check_name == check)
    assert not found.passed
    assert "\n" not in str(found.description)
    return str(found.description)


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_unusable_rows_are_told_with_column_and_value(shop: Path, home: Home) -> None:
    materialize(shop, ["interactions"], *DAYS)
    file = shop / "logs" / "2024-01-02.csv"
    change(file, "\n3,", "\nbob,")
    result = materialize(shop, ["interactions"], "2024-01-02")
    assert not result.success
    message = said(result, "volume")
    assert "15.0% of the rows read" in message
    assert f"(user_not_integer 3; for example user = 'bob' in '{file}'), expected at most 10%" in message


@pytest.mark.parametrize("filters", ["stars > 5", "[stars > 2, stars < 2]"])
def test_filters_that_leave_nothing_are_named(shop: Path, home: Home, filters: str) -> None:
    change(shop / "defs.yaml", "    label:", f"    filters: {filters}\n    label:")
    result = materialize(shop, ["interactions"], *DAYS)
    message = said(result, "volume")
    assert message.startswith("The filters ('stars > ")
    assert "leave out 60 of the 60 rows" in message
    assert not home.interactions("shop", "2024-01-02").exists()


def test_a_column_of_another_type_breaks_the_contract(shop: Path, home: Home) -> None:
    materialize(shop, ["interactions"], *DAYS)
    change(shop / "defs.yaml", "    label:", "    user_id_type: string\n    label:")
    result = materialize(shop, ["interactions"], "2024-01-02")
    assert "2024-01-01.parquet: column 'user_id' should be string and is int64" in said(result, "contract")


def with_text_ids(shop: Path, item: str) -> None:
    """The items table with ids written otherwise: `{}` stands for the number."""
    lines = (shop / "items.csv").read_text().splitlines()
    rows = [f"{item.format(line.partition(',')[0])},{line.partition(',')[2]}" for line in lines[1:]]
    (shop / "items.csv").write_text("\n".join([lines[0], *rows]) + "\n")


@pytest.mark.parametrize(
    ("item", "table", "advice"),
    [
        ("000{}", "'0001', '00010', '0002'", "leading zeros: say item_id_type: integer, or write them alike"),
        ('" {}"', "' 1', ' 10', ' 2'", "blanks around: say item_id_type: integer, or write them alike"),
        ("item-{}", "'item-1', 'item-10', 'item-2'", "letters or signs before or behind the number: write them alike"),
    ],
    ids=["zeros", "blanks", "prefix"],
)
def test_ids_that_do_not_meet_are_told_with_both_sides(
    shop: Path, home: Home, item: str, table: str, advice: str
) -> None:
    assert materialize(shop, ["interactions", "items"], *DAYS).success
    before = home.items("shop").read_bytes()
    with_text_ids(shop, item)
    change(shop / "defs.yaml", "    label:", "    item_id_type: string\n    label:")
    result = materialize(shop, ["items", "statistics"], *DAYS)
    assert not result.success
    message = said(result, "known_ids")
    assert message.startswith(f"None of the 10 item ids of the log is in '{shop / 'items.csv'}', expected at least 1%")
    assert f"the log has '1', '10', '2', the table {table}. They look alike but for {advice}" in message
    assert home.items("shop").read_bytes() == before
    metadata = result.asset_materializations_for_node("shop__items")[0].metadata
    assert metadata["known_share"].value == 0
    assert "not in the table | 10 of 10 ids of the log" in str(metadata["left_out"].value)


def test_the_bound_is_a_setting(shop: Path, home: Home) -> None:
    lines = (shop / "items.csv").read_text().splitlines()
    (shop / "items.csv").write_text("\n".join(lines[:5]) + "\n")
    result = materialize(shop, ["interactions", "items"], *DAYS)
    assert result.success
    assert result.asset_materializations_for_node("shop__items")[0].metadata["known_share"].value == 0.4
    check = next(c for c in result.get_asset_check_evaluations() if c.check_name == "known_ids")
    assert check.description == "4 of the 10 ids of items in the log are in their table."
    text = (shop / "defs.yaml").read_text()
    (shop / "defs.yaml").write_text(text + "  quality: {min_known_share: 0.5}\n")
    message = said(materialize(shop, ["items"]), "known_ids")
    assert "4 of the 10 item ids of the log are in" in message
    assert (
        "expected at least 50%; the log has 5, 6, 7, the table no other. Check that both mean the same ids" in message
    )
    (shop / "items.csv").write_text(lines[0] + "\n99,x,a\n")
    (shop / "defs.yaml").write_text(text + "  quality: {min_known_share: 0}\n")
    assert materialize(shop, ["items"]).success


def test_a_table_that_follows_from_the_log_has_no_such_check(shop: Path, home: Home) -> None:
    result = materialize(shop, ["interactions", "users", "items"], *DAYS)
    checks = {(c.asset_key.path[-1], c.check_name) for c in result.get_asset_check_evaluations()}
    assert ("items", "known_ids") in checks
    assert ("users", "known_ids") not in checks
