"""Whether the feature store answers online what it holds offline."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs

from feature_repo.offline.columns import CREATED, EVENT_TIME, PRESENT
from feature_repo.pushed_events import pushed_users
from feature_repo.repository import FeatureRepository
from ops_gpu.interactions.history_columns import ENTRY
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.schema import Schema
from serving.request.columns import Column
from serving.request.null_values import NULL_INTEGER
from serving.stores.feast_reader import FeastReader

BLOCKS = 16
"""So many places of the offline source are looked at, whatever it holds."""


def count_mismatches(repository: FeatureRepository, sample: int, kind: str = "users") -> int:
    """Rows whose online features, as the ensemble reads them, differ from the newest offline version.

    Args:
        repository: the Feast repository.
        sample: at most so many rows, in blocks of neighbouring ids spread over all writes. What a user has pushed
            stands in the history online alone: of such users the history is not compared.
        kind: `users` or `items`.

    Returns:
        Number of rows that differ in any column, or in whether they exist.

    Raises:
        LookupError: when there is no row to compare.
    """
    key = "user_id" if kind == "users" else "item_id"
    rows = repository.versions(kind).sample(sample, BLOCKS)
    if rows.is_empty():
        raise LookupError(f"the offline store has no {kind} to compare")
    schema = Schema.from_polars(rows.drop(key, EVENT_TIME, CREATED, PRESENT))
    reader = FeastReader(repository.folder, kind, Schema.from_polars(rows.select(key))[key], schema)
    online, known = reader.read(_ids(rows[key]))
    columns = [_series(name, column, rows.schema[name]) for name, column in online.items()]
    served = _plain(pl.DataFrame([*columns, pl.Series(PRESENT, known)]))
    stored = _plain(rows.select(served.columns))
    pushed = rows[key].is_in(pushed_users(repository.folder) if kind == "users" else [])
    apart = {name: pushed for name in served.columns if name in ENTRY}
    apart[PRESENT] = pushed & ~stored[PRESENT]  # whoever was gone is back
    none = pl.repeat(False, rows.height, eager=True)
    differs = [stored[name].ne_missing(served[name]) & ~apart.get(name, none) for name in served.columns]
    return int(pl.DataFrame(differs).select(pl.any_horizontal(pl.all()).sum()).item())


def _ids(ids: pl.Series) -> Any:
    return np.array([i.encode() for i in ids], "S") if ids.dtype == pl.String else ids.to_numpy()


def _series(name: str, column: Column, dtype: pl.DataType) -> pl.Series:
    flat = column.values if isinstance(column, Ragged) else column
    values = [text.decode() for text in flat.tolist()] if flat.dtype.kind == "S" else flat
    if not isinstance(column, Ragged):
        return pl.Series(name, values).cast(dtype)
    lists = [values[start:stop] for start, stop in pairwise(column.offsets.tolist())]
    return pl.Series(name, lists, dtype=dtype)


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows with one form for what is missing: a batch cannot tell an empty text from a null."""
    return frame.with_columns(
        cs.string().replace("", None),
        cs.float().fill_nan(None),
        cs.by_dtype(pl.Int64).replace(NULL_INTEGER, None),
        cs.list().fill_null([]),
    )
