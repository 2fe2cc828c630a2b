"""The schema of raw data, read off canonical frames, and the frame that a workflow is fitted on."""

from __future__ import annotations

import polars as pl

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags

NOT_FEATURES = ("title", "available")


def raw_schema(users: pl.DataFrame, items: pl.DataFrame) -> Schema:
    """Ids and features of users and items, tagged by whose they are and by their type.

    Floating-point columns and lists of them are continuous, all others categorical. What is only shown (the title) or
    only filtered by (availability) is no feature.

    Args:
        users: `user_id` and features.
        items: `item_id` and features.

    Raises:
        ValueError: when users and items have a column of the same name.
    """
    owners = ((users, Tags.USER, Tags.USER_ID, "user_id"), (items, Tags.ITEM, Tags.ITEM_ID, "item_id"))
    columns: list[ColumnSchema] = []
    for frame, owner, id_tag, key in owners:
        for name, dtype in frame.schema.items():
            if name not in NOT_FEATURES:
                tags = {owner, _kind(dtype)} | ({Tags.ID, id_tag} if name == key else set())
                columns.append(ColumnSchema.from_polars(name, dtype, tags))
    return Schema(columns)


def joined(interactions: pl.DataFrame, users: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Interactions with the features of their user and item: what a workflow's statistics are taken of.

    Args:
        interactions: canonical; of its columns the four named ones are taken, others are left out.
        users: one row a user.
        items: one row an item.

    Returns:
        A row an interaction, in their order; features are null where the user or item is not in its table.
    """
    features = [f.drop(n for n in NOT_FEATURES if n in f.columns) for f in (users, items)]
    events = interactions.select("user_id", "item_id", "timestamp", "label")
    for frame, key in zip(features, ("user_id", "item_id"), strict=True):
        events = events.join(frame, on=key, how="left", maintain_order="left")
    return events


def _kind(dtype: pl.DataType) -> Tags:
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    return Tags.CONTINUOUS if inner.is_float() else Tags.CATEGORICAL
