"""Keys of groups: the columns that a group is known by, in one form."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ops_gpu.primitives.key_dtypes import as_key, key_dtype
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


def key_names(names: Sequence[str]) -> list[str]:
    """Names of a group's columns in statistics and state."""
    return [f"key{i}" for i in range(len(names))]


def group_keys(frame: pl.LazyFrame, names: Sequence[str]) -> list[pl.Expr]:
    """Expressions for a group's columns, in the form of keys; ValueError for lists and other odd types."""
    schema = frame.collect_schema()
    return [
        as_key(pl.col(name), schema[name], key_dtype(name, schema[name])).alias(key)
        for name, key in zip(names, key_names(names), strict=True)
    ]


def check_key_types(unit: str, frames: Sequence[pl.DataFrame]) -> None:
    """ValueError where parts have keys of different types; an all-null part fits any."""
    for key in (name for name in frames[0].columns if name.startswith("key")):
        types = {frame.schema[key] for frame in frames} - {pl.Null()}
        if len(types) > 1:
            found = " and ".join(sorted(str(dtype) for dtype in types))
            raise ValueError(f"column {unit!r} is of type {found} in different parts; cast it to one type.")


def shared_tags(schema: Schema, names: Sequence[str]) -> frozenset[Tags]:
    """Tags of what is computed from these columns: theirs, but for being ids."""
    tags = frozenset(tag for name in names for tag in schema[name].tags)
    return tags - {Tags.ID, Tags.USER_ID, Tags.ITEM_ID, Tags.LIST}
