"""JoinEvents: what the user did just now, beside what the feature store knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.operators.features.query_users import HISTORY
from serving.request.columns import Columns, array, ragged
from serving.request.null_values import is_null

EVENT = {"event_time": "int64", "event_positive": "float32"}


@dataclass
class JoinEvents(ServingOperator):
    """Joins the events that came with a request to the histories of its users.

    They count like events of the logs (`ops_gpu.interactions.history_columns.accumulated` joins both), so the next
    list leaves out what was clicked, and the query tower reads it. Only users with events are touched.

    Args:
        dtype: type of the raw item ids, `int64` or `string`.

    Example:
        >>> now = (user[HISTORY] + Node.of(["event_item", "event_time", "event_positive"])) >> JoinEvents()
    """

    stage: ClassVar[str] = "features"

    dtype: str = "int64"

    def needs(self) -> tuple[Need, ...]:
        stored = (Need(name, (dtype,), is_list=True) for name, dtype in self._outputs.items())
        events = (Need(name, (dtype,)) for name, dtype in ({"event_item": self.dtype} | EVENT).items())
        return (*stored, *events)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._outputs)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(ColumnSchema(name, dtype, is_list=True) for name, dtype in self._outputs.items())

    def transform(self, columns: Columns) -> Columns:
        stored = {name: ragged(columns, name) for name in self._outputs}
        item = array(columns, "event_item")
        given = ~is_null(item)
        fresh = np.asarray(given.any(axis=1))
        if not fresh.any():
            return dict(stored)
        row = np.nonzero(given)[0]
        values = [item[given], np.ones(len(row), np.float32), *(array(columns, name)[given] for name in EVENT)]
        mine = fresh[stored["history_item"].row_ids]
        entries = {
            name: np.concatenate([lists.values[mine], events])
            for (name, lists), events in zip(stored.items(), values, strict=True)
        }
        rows = np.concatenate([stored["history_item"].row_ids[mine], row])
        return _spliced(stored, ~mine, _accumulated(rows, entries))

    @property
    def _outputs(self) -> dict[str, str]:
        return {"history_item": self.dtype, **HISTORY}


def _accumulated(rows: npt.NDArray[Any], entries: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    import polars as pl

    from ops_gpu.interactions.history_columns import accumulated

    items = entries["history_item"]
    texts = items.dtype.kind == "S"
    if texts:  # by number of first place in sorted order, so that ties are settled as among the texts
        names, entries["history_item"] = np.unique(items, return_inverse=True)
    joined = accumulated(pl.LazyFrame({"row": rows, **entries}), "row").collect()
    result = {name: joined[name].to_numpy() for name in joined.columns}
    if texts:
        result["history_item"] = names[result["history_item"]]
    return result


def _spliced(stored: dict[str, Ragged], kept: npt.NDArray[np.bool_], joined: dict[str, npt.NDArray[Any]]) -> Columns:
    """The lists of users without events as they were, those of the others as they are now."""
    rows = np.concatenate([stored["history_item"].row_ids[kept], joined.pop("row")])
    order = np.argsort(rows, kind="stable")
    lengths = np.bincount(rows, minlength=len(stored["history_item"]))
    return {
        name: Ragged.from_lengths(np.concatenate([lists.values[kept], joined[name]])[order], lengths)
        for name, lists in stored.items()
    }
