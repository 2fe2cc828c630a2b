from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from recsys_assets.component.locations import blueprints
from recsys_assets.tables.days.feature_days import FeatureDays
from recsys_assets.tables.days.feature_plan import FeaturePlan
from resources.home import Home
from tests.recsys_assets.runs import materialize
from tests.recsys_assets.tables.days.test_feature_plan import FIRST, SECOND, THIRD, write


@pytest.fixture
def plan(shop: Path, home: Home) -> FeaturePlan:
    """Rows of three days, written and published."""
    assert materialize(shop, ["interactions"], str(FIRST), str(THIRD)).success
    made = FeaturePlan(blueprints(shop, home)[0], "one", 10)
    for day in (FIRST, SECOND, THIRD):
        write(made, day)
    made.publish()
    return made


def days_of(plan: FeaturePlan, fit: str = "one") -> FeatureDays:
    return FeatureDays(plan.blueprint, fit)


def test_what_was_published_is_read_and_nothing_above_it(plan: FeaturePlan, home: Home) -> None:
    for path in home.interactions_folder("shop").glob("*.parquet"):
        path.unlink()
    found = days_of(plan).files()
    assert found == {day: home.features("shop", day) for day in (FIRST, SECOND, THIRD)}
    assert [days_of(plan).key(day) for day in found] == list(plan.keys.values())


def test_the_key_of_a_day_without_events_is_that_of_the_day_before(plan: FeaturePlan) -> None:
    days = days_of(plan)
    assert days.key(date(2024, 2, 1)) == days.key(THIRD) != days.key(SECOND)
    assert days.key(date(2023, 1, 1)) == ""


def test_rows_of_another_fit_are_refused(plan: FeaturePlan) -> None:
    with pytest.raises(ValueError, match=r"made before shop/workflow was fitted anew.* materialize shop/features"):
        days_of(plan, fit="two").files()


@pytest.mark.parametrize("how", ["gone", "cut off", "written since"])
def test_rows_that_are_not_those_that_were_published_are_named(plan: FeaturePlan, how: str, home: Home) -> None:
    path = home.features("shop", SECOND)
    if how == "gone":
        path.unlink()
    elif how == "cut off":
        path.write_bytes(b"PAR1")
    else:
        write(FeaturePlan(plan.blueprint, "two", 10), SECOND)
    with pytest.raises(
        ValueError, match=r"1 days of shop/features \(the first is 2024-01-02\).*materialize shop/features"
    ):
        days_of(plan).files()


def test_a_version_before_has_published_nothing(plan: FeaturePlan, home: Home) -> None:
    (home.features_folder("shop") / "index.json").unlink()
    with pytest.raises(ValueError, match=r"those of a version before; materialize shop/features"):
        days_of(plan).key(FIRST)
