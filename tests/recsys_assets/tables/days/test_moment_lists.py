from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.utc_days import day_start
from ops_gpu.models.training.ranking_rows import RankingRows
from recsys_assets.component.locations import blueprints
from recsys_assets.tables.days.feature_days import FeatureDays
from recsys_assets.tables.days.feature_plan import FeaturePlan
from recsys_assets.tables.days.moment_lists import MomentLists, Window
from resources.home import Home
from tests.conftest import write_day
from tests.recsys_assets.runs import materialize

MOMENTS = [day_start(date(2024, 1, day)) for day in (2, 3)]
WINDOWS = [Window(moment, moment + DAY) for moment in MOMENTS]
EARLY = MOMENTS[0]


@pytest.fixture
def lists(shop: Path, home: Home) -> MomentLists:
    assert materialize(shop, ["interactions"], "2024-01-01", "2024-01-03").success
    return MomentLists(home.training_lists("shop"), published(shop, home), "settings")


def published(shop: Path, home: Home, fit: str = "one") -> FeatureDays:
    """The days as `features` would have made them now."""
    blueprint = blueprints(shop, home)[0]
    FeaturePlan(blueprint, fit, 10).publish()
    return FeatureDays(blueprint, fit)


def some(moment: int, seed: int = 0) -> RankingRows:
    random = np.random.default_rng(seed)
    lists = np.array([0, 3, 5])
    user = np.array([4, 4, 4, 7, 7], np.int32)
    label = np.array([True, False, False, False, True])
    features = random.random((5, 2), np.float32)
    item, taught = random.integers(3, 9, 5).astype(np.int32), {"rate": random.random(5, np.float32)}
    return RankingRows(user, item, features, label, lists, np.full(2, moment), ("age", "two_tower"), taught)


def written(lists: MomentLists) -> MomentLists:
    for number, window in enumerate(WINDOWS):
        lists.write(window, EARLY, some(window.moment, number))
    return lists


def test_lists_are_read_as_they_were_written(lists: MomentLists) -> None:
    found = written(lists).read(WINDOWS)
    expected = RankingRows.concatenate([some(window.moment, number) for number, window in enumerate(WINDOWS)])
    for name, values in vars(expected).items():
        if name != "taught":
            np.testing.assert_array_equal(getattr(found, name), values)
    np.testing.assert_array_equal(found.taught["rate"], expected.taught["rate"])


def test_no_list_at_a_moment(lists: MomentLists) -> None:
    lists.write(WINDOWS[0], EARLY, RankingRows.empty(("age",)))
    found = lists.read(WINDOWS[:1])
    assert found.lists.tolist() == [0] and len(found.moment) == 0 and found.names == ("age",)


def test_what_is_missing_is_named(lists: MomentLists) -> None:
    assert lists.stale(WINDOWS, EARLY) == WINDOWS
    lists.write(WINDOWS[0], EARLY, some(MOMENTS[0]))
    assert lists.stale(WINDOWS, EARLY) == WINDOWS[1:]
    said = r"lacks 1 of the 2 moments .*2024-01-03T000000-1d.* materialize shop/training"
    with pytest.raises(ValueError, match=said):
        lists.read(WINDOWS)


def test_lists_stay_as_the_window_moves(lists: MomentLists) -> None:
    """Models that have learned more have not made them, but need not make them again; the other way round they must."""
    written(lists)
    assert lists.stale(WINDOWS, EARLY + DAY) == []
    assert lists.stale(WINDOWS, EARLY - DAY) == WINDOWS
    lists.forget(WINDOWS[1:])
    assert lists.stale(WINDOWS, EARLY) == WINDOWS[:1]


def test_other_settings_and_horizons_are_other_lists(lists: MomentLists) -> None:
    written(lists)
    assert replace(lists, settings="others").stale(WINDOWS, EARLY) == WINDOWS
    longer = [Window(moment, moment + 2 * DAY) for moment in MOMENTS]
    assert lists.stale(longer, EARLY) == longer and lists.stale(WINDOWS, EARLY) == []


def test_a_day_that_was_read_again_makes_lists_stale_whose_horizon_it_lies_in(
    lists: MomentLists, shop: Path, home: Home
) -> None:
    written(lists)
    write_day(shop, date(2024, 1, 3), rows=9)
    assert materialize(shop, ["interactions"], "2024-01-03").success
    later = replace(lists, days=published(shop, home))
    assert later.stale(WINDOWS, EARLY) == WINDOWS[1:]
    refitted = replace(lists, days=published(shop, home, fit="two"))
    assert refitted.stale(WINDOWS, EARLY) == WINDOWS
