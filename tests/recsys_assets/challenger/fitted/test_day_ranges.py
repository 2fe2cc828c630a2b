from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ops_gpu.interactions.utc_days import day_start
from ops_gpu.recommender.day_ranges import Ranges, Trained, with_live
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.component.locations import blueprints
from resources.home import Home
from tests.conftest import FIRST_DAY
from tests.recsys_assets.runs import materialize

DAY = 86_400
RANGES = Ranges(0, 10 * DAY, 13 * DAY, 14 * DAY, "live")


@pytest.fixture
def blueprint(shop: Path, home: Home) -> Blueprint:
    """A shop of 8 users and 3 days, whose users choose something new every day."""
    yaml = (shop / "defs.yaml").read_text()
    (shop / "defs.yaml").write_text(yaml + "  evaluation: {days: 1, min_users: 2}\n")
    materialize(shop, ["interactions", "item_state"], "2024-01-01", "2024-01-03")
    return blueprints(shop, home)[0]


def test_what_was_decided_is_read_back(shop: Path, home: Home) -> None:
    (blueprint,) = blueprints(shop, home)
    with pytest.raises(FileNotFoundError, match="shop/retrieval_model"):
        DayRanges.load(blueprint)
    with pytest.raises(FileNotFoundError, match="shop/workflow"):
        DayRanges.planned(blueprint)
    day_ranges = DayRanges(RANGES, "a" * 64, 5 * DAY, "b" * 64)
    home.retrieval_model("shop").mkdir(parents=True)
    day_ranges.save(home.retrieval_model("shop"))
    assert DayRanges.load(blueprint) == day_ranges
    replace(day_ranges, early_end=None).save_planned(blueprint)
    assert DayRanges.planned(blueprint) == replace(day_ranges, early_end=None)


def test_what_a_version_of_before_decided_is_read(shop: Path, home: Home) -> None:
    (blueprint,) = blueprints(shop, home)
    path = home.retrieval_model("shop") / "ranges.json"
    write_json({"start": 0, "fit_end": 1, "end": 2, "against": "live", "live": "a", "early_end": 1}, path)
    assert DayRanges.load(blueprint) == DayRanges(Ranges(0, 1, 2, 2, "live"), "a", 1)


def test_the_days_in_words() -> None:
    day_ranges = DayRanges(replace(RANGES, against="recorded"), "a" * 64)
    assert day_ranges.metadata() == {
        "fitted_on": "1970-01-01 to 1970-01-10",
        "evaluated_on": "1970-01-11 to 1970-01-13",
        "compared_with": "what release aaaaaaaaaaaa reached on these days before it was continued",
    }
    assert DayRanges(replace(RANGES, against="nothing"), None).metadata()["compared_with"] == "no live release"


def test_days_are_chosen_by_who_can_judge(blueprint: Blueprint) -> None:
    start = day_start(FIRST_DAY)
    found = DayRanges.plan(blueprint, None)
    assert found == DayRanges(Ranges(start, start + 2 * DAY, start + 3 * DAY, start + 3 * DAY, "nothing"), None)
    assert found.unjudged(blueprint) == ""


def test_too_few_users_to_judge_say_so_with_the_way_out(blueprint: Blueprint) -> None:
    settings = blueprint.settings.model_copy(update={"evaluation": replace(blueprint.settings.evaluation, min_users=9)})
    day_ranges = DayRanges.plan(replace(blueprint, settings=settings), None)
    assert day_ranges.unjudged(blueprint).startswith("Nothing is released: 2 users chose anything new")
    assert "expected at least 9 (evaluation.min_users)" in day_ranges.unjudged(blueprint)
    assert "wait for more days" in day_ranges.unjudged(blueprint)
    assert "`recsys materialize shop --uncompared`" in replace(day_ranges, live="a").unjudged(blueprint)


def test_a_release_that_went_live_meanwhile_takes_other_days_and_no_passing_over(blueprint: Blueprint) -> None:
    found = with_live(RANGES, Trained(0, 5 * DAY, 11 * DAY, 11 * DAY, 9), lambda start, end: 9)
    said = DayRanges(found, "a" * 64).unjudged(blueprint)
    assert said.startswith(
        "Nothing is released: another release went live after the days were chosen; choose days anew"
    )
    assert "shop/workflow" in said and "`recsys materialize shop`" in said and "--uncompared" not in said


def test_a_release_that_somebody_passed_over_is_passed_over_until_another_is_live(blueprint: Blueprint) -> None:
    day_ranges = DayRanges.plan(blueprint, "a" * 64, uncompared=True)  # that release is not even opened
    assert (day_ranges.live, day_ranges.passed_over, day_ranges.ranges.against) == (None, "a" * 64, "nothing")
    assert day_ranges.beside(blueprint, "a" * 64) is day_ranges
    assert day_ranges.beside(blueprint, None) is day_ranges
    day_ranges.save_planned(blueprint)
    assert read_json(blueprint.home.recommender("shop") / "planned_ranges.json")["passed_over"] == "a" * 64
