from __future__ import annotations

from datetime import timedelta

import pytest
from feast import ValueType

from feature_repo.views import features, item_views, user_views
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

USERS = Schema(
    [
        ColumnSchema("user_id", "int64", frozenset({Tags.USER_ID})),
        ColumnSchema("country", "string", frozenset({Tags.USER, Tags.CATEGORICAL})),
        ColumnSchema("history_item", "string", is_list=True),
    ]
)


def test_a_view_has_the_columns_of_the_schema() -> None:
    views = user_views(USERS, "users", timedelta(days=3))
    fields = {field.name: str(field.dtype) for field in views.view.schema}
    assert fields == {"user_id": "Int64", "country": "String", "history_item": "Array(String)", "present": "Bool"}
    assert views.view.ttl == timedelta(days=3)
    assert views.entity.join_key == "user_id"
    tags = {field.name: field.tags for field in views.view.schema}
    assert tags["country"] == {"tags": "categorical,user"}


def test_ids_keep_their_type() -> None:
    items = Schema([ColumnSchema("item_id", "string", frozenset({Tags.ITEM_ID})), ColumnSchema("price", "float64")])
    assert item_views(items, "items").entity.value_type == ValueType.STRING
    assert user_views(USERS, "users").entity.value_type == ValueType.INT64
    assert features(items).names == ["price"]


def test_a_schema_without_id_is_refused() -> None:
    with pytest.raises(KeyError, match="no column is tagged 'user_id'"):
        user_views(USERS.excluding("user_id"), "users")
