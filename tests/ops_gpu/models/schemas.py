"""Engineered schemas of users and items, and columns that fit them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


def categorical(
    name: str, codes: int, *tags: Tags, width: int | None = None, domain: str | None = None
) -> ColumnSchema:
    """A column of codes below `codes`, a list of `width` of them where that is given."""
    limits = Domain(0, codes - 1, domain or name)
    count = None if width is None else Domain(0, width)
    found = frozenset({Tags.CATEGORICAL, *tags})
    return ColumnSchema(name, "int32", found, {}, width is not None, limits, 4, count)


def continuous(name: str) -> ColumnSchema:
    """A number a row."""
    return ColumnSchema(name, "float32", frozenset({Tags.CONTINUOUS}))


def users(codes: int = 9) -> Schema:
    """A user with a city and an age."""
    return Schema([categorical("user_id", codes, Tags.USER_ID), categorical("city", 5), continuous("age")])


def items(codes: int = 11) -> Schema:
    """An item with genres and a price."""
    return Schema([categorical("item_id", codes, Tags.ITEM_ID), categorical("genres", 6, width=3), continuous("price")])


def columns(schema: Schema, rows: int, seed: int = 0) -> dict[str, npt.NDArray[Any]]:
    """Random values, as `FeatureTable.take` gives them."""
    random = np.random.default_rng(seed)
    found: dict[str, npt.NDArray[Any]] = {}
    for column in schema:
        if column.cardinality is None:
            found[column.name] = random.normal(size=rows).astype(np.float32)
        else:
            limit = column.value_count and column.value_count.max
            shape = (rows, int(limit)) if limit else (rows,)
            found[column.name] = random.integers(1, column.cardinality, shape).astype(np.int32)
    return found
