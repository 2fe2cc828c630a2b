"""All that models are trained on, in memory: encoded events and the features of users and items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.features.feature_table import FIRST_CODE, FeatureTable
from ops_gpu.features.training_rows import GatheredRows, TrainingRows
from ops_gpu.interactions.events import Events
from ops_gpu.schema.column import Domain
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.workflow import Workflow


@dataclass(frozen=True)
class TrainingData:
    """Encoded data of one recommender.

    Args:
        events: all interactions.
        users: engineered user features by user code.
        items: engineered item features by item code.
        user_schema: schema of the user columns.
        item_schema: schema of the item columns.
        available: bool `[items]`, whether an item may be shown at all.
        rows: positive events as models learn from them, with what was known before each.
    """

    events: Events
    users: FeatureTable
    items: FeatureTable
    user_schema: Schema
    item_schema: Schema
    available: npt.NDArray[np.bool_]
    rows: TrainingRows

    @classmethod
    def assemble(
        cls,
        interactions: pl.DataFrame,
        users: pl.DataFrame,
        items: pl.DataFrame,
        workflow: Workflow,
        history_length: int,
    ) -> TrainingData:
        """Encodes canonical frames with a fitted workflow.

        Args:
            interactions: `user_id`, `item_id`, `timestamp`, `label`.
            users: `user_id` and raw features, one row a user.
            items: `item_id`, `available` and raw features, one row an item.
            workflow: fitted; ids that it does not know become the out-of-vocabulary code.
            history_length: items of a user that models read.
        """
        return cls.of(encode_events(interactions, workflow), users, items, workflow, history_length)

    @classmethod
    def of(
        cls,
        events: Events,
        users: pl.DataFrame,
        items: pl.DataFrame,
        workflow: Workflow,
        history_length: int,
    ) -> TrainingData:
        """The same of events that are encoded already."""
        user_table, user_schema = entity_table(users, "user_id", workflow)
        item_table, item_schema = entity_table(items, "item_id", workflow)
        available = _available(items, workflow, item_table.size)
        rows = GatheredRows.of(events, user_table, item_table, history_length)
        return cls(events, user_table, item_table, user_schema, item_schema, available, rows)

    def with_events(self, events: Events, history_length: int) -> TrainingData:
        """The same users and items beside other events, whose rows hold so many items of a history."""
        return replace(self, events=events, rows=GatheredRows.of(events, self.users, self.items, history_length))

    def offered(self, as_of: int | None) -> npt.NDArray[np.bool_]:
        """Items that may be recommended, bool `[items]`.

        Args:
            as_of: epoch seconds of a past moment: only items that had an event before it existed then, as far as
                the log can tell. None is now: every available item of the catalogue, cold ones too.
        """
        mask = self.available.copy()
        mask[:FIRST_CODE] = False
        if as_of is not None:
            known = np.zeros(len(mask), np.bool_)
            known[self.events.before(as_of).item] = True
            mask &= known
        return mask


def entity_table(frame: pl.DataFrame, key: str, workflow: Workflow) -> tuple[FeatureTable, Schema]:
    """Engineered features of users or items.

    Args:
        frame: raw features; of several rows of an entity the first counts.
        key: `user_id` or `item_id`.
        workflow: fitted; entities that it does not know are left out.

    Returns:
        The features by code, and their schema with the lengths of list columns.
    """
    part = workflow.for_inputs(frame.columns)
    schema = part.output_schema
    size = schema[key].cardinality
    assert size is not None  # Categorify gives every id column a domain
    encoded = part.transform(frame).filter(pl.col(key) >= FIRST_CODE).unique(key, keep="first", maintain_order=True)
    table = FeatureTable.from_frame(encoded, key, schema, size)
    widths = {c.name: table.columns[c.name].shape[1] for c in schema if c.is_list}
    limited = [schema[name].with_value_count(Domain(0, width)) for name, width in widths.items()]
    return table, schema.with_columns(limited)


def _available(items: pl.DataFrame, workflow: Workflow, size: int) -> npt.NDArray[np.bool_]:
    """Whether each item code may be shown; of several rows of an item the first counts, as for its features."""
    rows = items.unique("item_id", keep="first", maintain_order=True)
    available = np.zeros(size, np.bool_)
    available[workflow.encode("item_id", ids(rows["item_id"]))] = rows["available"].fill_null(True).to_numpy()
    available[:FIRST_CODE] = False
    return available


def encode_events(interactions: pl.DataFrame, workflow: Workflow) -> Events:
    """Canonical interactions as `Events`, in time order.

    Args:
        interactions: `user_id`, `item_id`, `timestamp` (cut to seconds), `label`.
        workflow: fitted; ids that it does not know become the out-of-vocabulary code.
    """
    sizes = {name: workflow.output_schema[name].cardinality or 0 for name in ("user_id", "item_id")}
    return Events.sorted(
        encode_ids(interactions["user_id"], workflow),
        encode_ids(interactions["item_id"], workflow),
        interactions["timestamp"].dt.epoch("s").to_numpy(),
        interactions["label"].to_numpy(),
        sizes["user_id"],
        sizes["item_id"],
    )


def encode_ids(values: pl.Series, workflow: Workflow) -> npt.NDArray[np.int32]:
    """Codes of ids.

    Args:
        values: a column that has their name, `user_id` or `item_id`.
        workflow: fitted; ids that it does not know become the out-of-vocabulary code.
    """
    if values.dtype.is_integer():
        return workflow.encode(values.name, values.to_numpy())
    distinct = values.unique()  # texts of all events would each be as wide as the longest
    codes = pl.Series(workflow.encode(values.name, ids(distinct)))
    return values.replace_strict(distinct, codes, return_dtype=pl.Int32).to_numpy()


def ids(values: pl.Series) -> npt.NDArray[Any]:
    """Raw ids as numpy takes them: int64, or UTF-8 bytes of fixed width (dtype `S`)."""
    if values.dtype.is_integer():
        return values.to_numpy()
    encoded = [text.encode() for text in values.to_list()]
    return np.array(encoded, np.bytes_) if encoded else np.empty(0, "S1")
