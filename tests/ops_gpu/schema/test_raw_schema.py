from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from ops_gpu.schema.raw_schema import joined, raw_schema
from ops_gpu.schema.tags import Tags

USERS = pl.DataFrame({"user_id": [2, 1], "age": [30.5, None], "city": ["x", "y"]})
ITEMS = pl.DataFrame(
    {
        "item_id": ["b", "a"],
        "title": ["B", None],
        "available": [True, False],
        "genres": [["g", "h"], []],
        "sizes": [[1.5], [2.0]],
        "stock": [3, 4],
    }
)
EVENTS = pl.DataFrame(
    {
        "user_id": [1, 9, 1],
        "item_id": ["a", "b", "zz"],
        "timestamp": [datetime(2024, 1, day) for day in (1, 2, 3)],
        "label": [True, False, True],
        "context": [1, 2, 3],
    }
)


def test_tags_say_whose_and_of_what_kind_a_column_is() -> None:
    schema = raw_schema(USERS, ITEMS)
    assert {column.name: set(column.tags) for column in schema} == {
        "user_id": {Tags.USER, Tags.USER_ID, Tags.ID, Tags.CATEGORICAL},
        "age": {Tags.USER, Tags.CONTINUOUS},
        "city": {Tags.USER, Tags.CATEGORICAL},
        "item_id": {Tags.ITEM, Tags.ITEM_ID, Tags.ID, Tags.CATEGORICAL},
        "genres": {Tags.ITEM, Tags.CATEGORICAL, Tags.LIST},
        "sizes": {Tags.ITEM, Tags.CONTINUOUS, Tags.LIST},
        "stock": {Tags.ITEM, Tags.CATEGORICAL},
    }
    assert schema["genres"].is_list and not schema["city"].is_list


def test_events_keep_their_order_and_get_the_features_of_both() -> None:
    found = joined(EVENTS, USERS, ITEMS)
    expected = ["user_id", "item_id", "timestamp", "label", "age", "city", "genres", "sizes", "stock"]
    assert found.columns == expected
    assert found.select("user_id", "item_id", "label").equals(EVENTS.select("user_id", "item_id", "label"))
    assert found["city"].to_list() == ["y", None, "y"]
    assert found["genres"].to_list() == [[], ["g", "h"], None]


def test_a_name_that_users_and_items_share() -> None:
    with pytest.raises(ValueError, match="city"):
        raw_schema(USERS, ITEMS.with_columns(city=pl.lit("x")))
