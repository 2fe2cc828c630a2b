from __future__ import annotations

import io

import polars as pl
import pytest
from rich.console import Console

from recsys_assets.cli.ask.recommend import _show
from recsys_assets.tables.entity_lookup import EntityLookup
from resources.home import Home
from serving.request.recommendation import Recommendation, RecommendationList


@pytest.fixture
def people(home: Home) -> EntityLookup:
    events = {"user_id": [7], "item_id": [1], "timestamp": [None], "label": [True]}
    home.interactions_folder("shop").mkdir(parents=True)
    pl.DataFrame({"user_id": [7], "country": ["DE"]}).write_parquet(home.users("shop"))
    pl.DataFrame({"item_id": [1, 2], "title": ["One", None]}).write_parquet(home.items("shop"))
    pl.DataFrame(events, schema_overrides={"timestamp": pl.Datetime("us")}).write_parquet(
        home.interactions("shop", "2026-03-03")
    )
    return EntityLookup(home, "shop")


def shown(people: EntityLookup, source: str, *items: Recommendation, degraded: bool = False) -> str:
    answer = RecommendationList(7, items, source, "ab" * 32, {"features": 0.5}, "request-1", degraded)
    out = Console(file=io.StringIO(), width=100)
    _show(answer, people.titles([item.item_id for item in items]), people, out)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_a_list_is_shown_with_its_user(people: EntityLookup) -> None:
    text = shown(people, "personalized", Recommendation(2, 0.25, ("two_tower", "history")))
    assert "User 7  country DE" in text and "liked   One" in text
    assert "0.2500 two_tower, history" in " ".join(text.split())
    assert "nothing is known" not in text and "no item was left" not in text


def test_what_is_special_about_a_list_is_said(people: EntityLookup) -> None:
    popular = Recommendation(2, 0.25, ("popular",))
    assert "nothing is known of this user" in shown(people, "popular", popular)
    degraded = shown(people, "popular", popular, degraded=True)
    assert "degraded: the feature store cannot be read" in degraded and "nothing is known" not in degraded
    empty = shown(people, "empty")
    assert "no item was left: `recsys trace shop --request request-1` says what was removed, and why" in empty
    assert "nothing is known" not in empty and "Recommended" not in empty
