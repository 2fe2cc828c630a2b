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
    assert "column 'user_id' of 2024-01-01.parquet is Int64, expected String" in said(result, "contract")
