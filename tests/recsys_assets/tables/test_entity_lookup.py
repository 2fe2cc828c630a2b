from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from feature_repo.pushed_events import PushedEvents
from recsys_assets.tables.entity_lookup import EntityLookup, PastEvent
from resources.home import Home


@pytest.fixture
def people(home: Home) -> EntityLookup:
    home.interactions_folder("shop").mkdir(parents=True)
    pl.DataFrame({"user_id": ["a", "ab", "b"]}).write_parquet(home.users("shop"))
    pl.DataFrame({"item_id": ["x", "y"], "title": ["Ex", None]}).write_parquet(home.items("shop"))
    events = {
        "user_id": ["ab", "a", "ab"],
        "item_id": ["x", "x", "y"],
        "timestamp": [datetime(2026, 3, day) for day in (1, 2, 3)],
        "label": [True, True, False],
    }
    pl.DataFrame(events).write_parquet(home.interactions("shop", "2026-03-03"))
    return EntityLookup(home, "shop")


def test_history_comes_latest_first_with_titles(people: EntityLookup) -> None:
    first, second = PastEvent("y", None, datetime(2026, 3, 3), False), PastEvent("x", "Ex", datetime(2026, 3, 1), True)
    assert people.history("ab") == ([first, second], 2)
    assert people.history("ab", most=1) == ([first], 2)
    assert people.history("nobody") == ([], 0)


def test_what_was_pushed_is_history_once(people: EntityLookup, home: Home) -> None:
    moments = [datetime(2026, 3, 1), datetime(2026, 3, 4, 12)]  # the logs hold the first by now
    pushed = {"user_id": ["ab", "ab"], "item_id": ["x", "x"], "timestamp": moments, "label": [True, True]}
    home.feast("shop").mkdir(parents=True)
    ids = {"user_id": pl.String(), "item_id": pl.String()}
    with PushedEvents(home.feast("shop"), ids).appended(pl.DataFrame(pushed)):
        pass
    latest, events = people.history("ab", most=1)
    assert (latest, events) == ([PastEvent("x", "Ex", datetime(2026, 3, 4, 12), True)], 3)
    assert people.liked("ab") == ["x"] and people.liked("a") == ["x"]
    assert people.matching("ab") == [("ab", 3)]


def test_users_are_found_by_the_beginning_of_their_ids(people: EntityLookup) -> None:
    assert people.matching("a") == [("a", 1), ("ab", 2)]
    assert people.matching("a", most=1) == [("a", 1)]
    assert people.matching(".*") == []


def test_a_stranger_is_no_user(people: EntityLookup) -> None:
    stranger = people.stranger()
    assert people.user(stranger) == {} and people.history(stranger) == ([], 0)
