from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from recsys_assets.component.locations import blueprints
from recsys_assets.tables.days.feature_days import KEY
from recsys_assets.tables.days.feature_plan import FeaturePlan
from resources.home import Home
from tests.conftest import write_day
from tests.recsys_assets.runs import failure, materialize

FIRST, SECOND, THIRD = (date(2024, 1, day) for day in (1, 2, 3))
ROWS = pl.DataFrame({"user_id": [3, 4]})


def write(plan: FeaturePlan, day: date) -> None:
    plan.path(day).parent.mkdir(parents=True, exist_ok=True)
    ROWS.write_parquet(plan.path(day), metadata={KEY: plan.keys[day]})


@pytest.fixture
def plan(shop: Path, home: Home) -> FeaturePlan:
    result = materialize(shop, ["interactions"], str(FIRST), str(THIRD))
    assert result.success, failure(result)
    return fresh(shop, home)


def fresh(shop: Path, home: Home, fit: str = "one", length: int = 10) -> FeaturePlan:
    return FeaturePlan(blueprints(shop, home)[0], fit, length)


def written(plan: FeaturePlan) -> FeaturePlan:
    for day in (FIRST, SECOND, THIRD):
        write(plan, day)
    assert plan.stale() == []
    return plan


def test_days_without_rows_are_stale(plan: FeaturePlan) -> None:
    assert plan.stale() == [FIRST, SECOND, THIRD]
    write(plan, SECOND)
    assert plan.stale() == [FIRST, THIRD]


@pytest.mark.parametrize("change", ["fit", "length", "half-lives", "code"])
def test_rows_of_another_fit_or_setting_are_stale(
    plan: FeaturePlan, change: str, shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(plan)
    if change == "half-lives":
        values = (shop / "defs.yaml").read_text() + "  candidates: {snapshot: {half_lives_days: [2.0]}}\n"
        (shop / "defs.yaml").write_text(values)
    if change == "code":
        monkeypatch.setattr("recsys_assets.tables.days.feature_plan.code_version", lambda modules: "another")
    other = fresh(shop, home, "two" if change == "fit" else "one", 11 if change == "length" else 10)
    assert other.stale() == [FIRST, SECOND, THIRD]


def test_a_day_that_was_read_again_makes_it_and_what_follows_stale(plan: FeaturePlan, shop: Path, home: Home) -> None:
    written(plan)
    write_day(shop, SECOND, rows=9)
    assert materialize(shop, ["interactions"], str(SECOND)).success
    later = fresh(shop, home)
    assert later.stale() == [SECOND, THIRD]
    assert [later.keys[day] == plan.keys[day] for day in (FIRST, SECOND, THIRD)] == [True, False, False]
    home.interactions("shop", FIRST).unlink()
    assert fresh(shop, home).stale() == [SECOND, THIRD] and FIRST not in fresh(shop, home).keys


def test_a_day_that_was_read_again_and_is_what_it_was_makes_none(plan: FeaturePlan, shop: Path, home: Home) -> None:
    written(plan)
    before = home.interactions("shop", FIRST).stat().st_mtime_ns
    assert materialize(shop, ["interactions"], str(FIRST), str(THIRD)).success
    assert home.interactions("shop", FIRST).stat().st_mtime_ns > before
    assert fresh(shop, home).stale() == [] and fresh(shop, home).keys == plan.keys


@pytest.mark.parametrize("damage", [b"", b"PAR1 cut off"], ids=["empty", "cut off"])
def test_a_file_that_was_cut_off_is_stale(plan: FeaturePlan, damage: bytes) -> None:
    written(plan).path(SECOND).write_bytes(damage)
    assert replace(plan).stale() == [SECOND]


def test_rows_that_an_older_version_wrote_are_stale(plan: FeaturePlan) -> None:
    ROWS.write_parquet(written(plan).path(THIRD), metadata={"workflow_fit": "one"})
    assert plan.stale() == [THIRD]
