from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from recsys_assets.component.locations import blueprints
from recsys_assets.tables.days.feature_days import KEY, FeatureDays
from resources.home import Home
from tests.conftest import write_day
from tests.recsys_assets.runs import failure, materialize

FIRST, SECOND, THIRD = (date(2024, 1, day) for day in (1, 2, 3))
ROWS = pl.DataFrame({"user_id": [3, 4]})


def write(days: FeatureDays, day: date) -> None:
    days.path(day).parent.mkdir(parents=True, exist_ok=True)
    ROWS.write_parquet(days.path(day), metadata={KEY: days.key(day)})


@pytest.fixture
def days(shop: Path, home: Home) -> FeatureDays:
    result = materialize(shop, ["interactions"], str(FIRST), str(THIRD))
    assert result.success, failure(result)
    return fresh(shop, home)


def fresh(shop: Path, home: Home, fit: str = "one", length: int = 10) -> FeatureDays:
    return FeatureDays(blueprints(shop, home)[0], fit, length)


def test_days_without_rows_are_named(days: FeatureDays) -> None:
    assert days.stale() == [FIRST, SECOND, THIRD]
    write(days, SECOND)
    assert days.stale() == [FIRST, THIRD]
    said = r"2 days of shop/features \(the first is 2024-01-01\) .* materialize shop/features"
    with pytest.raises(ValueError, match=said):
        days.files()


def written(days: FeatureDays) -> FeatureDays:
    for day in (FIRST, SECOND, THIRD):
        write(days, day)
    assert list(days.files()) == [FIRST, SECOND, THIRD]
    return days


@pytest.mark.parametrize("change", ["fit", "length", "half-lives"])
def test_rows_of_another_fit_or_setting_are_stale(days: FeatureDays, change: str, shop: Path, home: Home) -> None:
    written(days)
    other = fresh(shop, home, fit="two") if change == "fit" else fresh(shop, home, length=11)
    if change == "half-lives":
        (shop / "defs.yaml").write_text(
            (shop / "defs.yaml").read_text() + "  candidates: {snapshot: {half_lives_days: [2.0]}}\n"
        )
        other = fresh(shop, home)
    assert other.stale() == [FIRST, SECOND, THIRD] and fresh(shop, home).stale() in ([], other.stale())


def test_a_day_that_was_read_again_makes_it_and_what_follows_stale(days: FeatureDays, shop: Path, home: Home) -> None:
    written(days)
    before = {day: days.key(day) for day in (FIRST, SECOND, THIRD)}
    write_day(shop, SECOND, rows=9)
    assert materialize(shop, ["interactions"], str(SECOND)).success
    later = fresh(shop, home)
    assert later.stale() == [SECOND, THIRD]
    assert [later.key(day) == before[day] for day in before] == [True, False, False]
    home.interactions("shop", FIRST).unlink()
    assert fresh(shop, home).stale() == [SECOND, THIRD]
    assert FIRST not in fresh(shop, home)._keys


def test_the_key_of_a_day_without_events_is_that_of_the_day_before(days: FeatureDays) -> None:
    assert days.key(date(2024, 2, 1)) == days.key(THIRD) != days.key(SECOND)
    assert days.key(date(2023, 1, 1)) == ""


@pytest.mark.parametrize("damage", [b"", b"PAR1 cut off"], ids=["empty", "cut off"])
def test_a_file_that_was_cut_off_is_stale(days: FeatureDays, damage: bytes) -> None:
    written(days).path(SECOND).write_bytes(damage)
    assert replace(days).stale() == [SECOND]


def test_rows_that_an_older_version_wrote_are_stale(days: FeatureDays) -> None:
    written(days)
    ROWS.write_parquet(days.path(THIRD), metadata={"workflow_fit": "one"})
    assert days.stale() == [THIRD]
