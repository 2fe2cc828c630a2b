"""Feast objects generated from a schema: entity, view and service of users and of items."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType

from feature_repo.feast_types import feast_type
from feature_repo.offline.columns import CREATED, EVENT_TIME, PRESENT
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


@dataclass(frozen=True)
class Views:
    """What Feast knows of one kind of entity.

    Args:
        entity: the entity; its join key is the id column.
        view: the features, with the column `present`: false for an id that has been removed.
        service: all features of the view under one name.
    """

    entity: Entity
    view: FeatureView
    service: FeatureService

    @property
    def objects(self) -> list[Any]:
        """All of them, for `FeatureStore.apply`."""
        return [self.entity, self.view, self.service]


def user_views(schema: Schema, source: str, ttl: timedelta = timedelta(0)) -> Views:
    """Entity, view and service `users`.

    Args:
        schema: the id (tagged `USER_ID`, int64 or string) and the features.
        source: path of the folder of versions (`VersionFiles`), relative to the repository.
        ttl: how long a row holds; zero for ever.

    Raises:
        KeyError: when no column is tagged as the id.
        ValueError: when Feast has no type for a column.
    """
    return _views("users", schema.first(Tags.USER_ID), schema, source, ttl)


def item_views(schema: Schema, source: str, ttl: timedelta = timedelta(0)) -> Views:
    """Entity, view and service `items`; as `user_views`, the id tagged `ITEM_ID`."""
    return _views("items", schema.first(Tags.ITEM_ID), schema, source, ttl)


def views_of(kind: str, schema: Schema, ttl: timedelta) -> Views:
    """Those of `users` or `items`, whose versions lie in the folder of that name."""
    return (user_views if kind == "users" else item_views)(schema, kind, ttl)


def features(schema: Schema) -> Schema:
    """The columns of a schema that are features: all but the id."""
    return schema.excluding_by_tag([Tags.USER_ID, Tags.ITEM_ID])


def _views(name: str, key: ColumnSchema, schema: Schema, source: str, ttl: timedelta) -> Views:
    kind = ValueType.STRING if key.dtype == "string" else ValueType.INT64
    entity = Entity(name=name.removesuffix("s"), join_keys=[key.name], value_type=kind)
    present = ColumnSchema(PRESENT, "bool")
    fields = [Field(name=c.name, dtype=feast_type(c), tags=_tags(c)) for c in (key, *features(schema), present)]
    view = FeatureView(
        name=name,
        entities=[entity],
        ttl=ttl,
        schema=fields,
        source=FileSource(path=source, timestamp_field=EVENT_TIME, created_timestamp_column=CREATED),
        online=True,
    )
    return Views(entity, view, FeatureService(name=name, features=[view]))


def _tags(column: ColumnSchema) -> dict[str, str]:
    return {"tags": ",".join(sorted(column.tags))} if column.tags else {}
