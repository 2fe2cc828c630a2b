"""History: what a user had done before each of their events."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]

from ops_gpu.operators.base.across_rows import AcrossRows, over_key
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.rows.difference_lag import names_of
from ops_gpu.schema.column import Domain
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


@dataclass(frozen=True, repr=False)
class History(AcrossRows):
    """For every row the last values of the same key before it, oldest first, as a list.

    Gives `<column>_history`. Only rows strictly earlier count: those at the same moment do not see each other, so the
    lines of one invoice do not tell on one another. Nulls are values like any other; a row without a time has no
    history, and is in none.

    Args:
        partition_cols: the key, such as the user.
        sort_cols: the column of times, which orders the rows of a key (then their order in the frame).
        max_length: values kept, the latest.

    Raises:
        ValueError: when `max_length` is below 1.

    Example:
        >>> node = ["item_id"] >> History("user_id", "time", max_length=20)
    """

    partition_cols: str | Sequence[str]
    sort_cols: str
    max_length: int = 50

    def __post_init__(self) -> None:
        if self.max_length < 1:
            raise ValueError(f"History has max_length {self.max_length}; give 1 or more.")

    def partition_keys(self) -> tuple[str, ...]:
        return names_of(self.partition_cols)

    def sort_keys(self) -> tuple[str, ...]:
        return (self.sort_cols,)

    def companions(self) -> tuple[str, ...]:
        # The time itself may be a value, too.
        return tuple(dict.fromkeys([*self.partition_keys(), self.sort_cols]))

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{name}_history" for name in self.values(names))

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        return {*self.required(names), *(name for name in self.values(names) if f"{name}_history" in outputs)}

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        for name in self.values(list(columns)):
            if isinstance(dtype := plan.dtype(columns[name]), pl.List):
                raise ValueError(f"History keeps single values, and column {name!r} is of type {dtype}; explode it.")
        keys = over_key(columns, self.partition_keys(), plan)
        dtype = plan.dtype(columns[self.sort_cols])
        time = plan.column(columns[self.sort_cols].fill_nan(None) if dtype.is_float() else columns[self.sort_cols])
        order = plan.column(pl.struct([*keys, time]).map_batches(partial(_windows, length=self.max_length), WINDOW))
        return {
            f"{name}_history": pl.struct(order.alias("window"), columns[name].alias("value")).map_batches(
                _values, pl.List(plan.dtype(columns[name]))
            )
            for name in self.values(list(columns))
        }

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(
            replace(
                schema[name].with_name(f"{name}_history").with_tags([Tags.LIST, Tags.SEQUENCE]),
                is_list=True,
                value_count=Domain(0, self.max_length),
            )
            for name in self.values(schema.names)
        )


# The frame's row at each place of the order by key and time, and the window of places that each row sees.
WINDOW = pl.Struct({"row": pl.Int64, "start": pl.Int64, "stop": pl.Int64})


def _windows(rows: pl.Series, length: int) -> pl.Series:
    """Where the history of each row lies in the rows ordered by key and time."""
    *keys, time = rows.struct.unnest().get_columns()
    names = [f"key{i}" for i in range(len(keys))]
    frame = pl.DataFrame([*(key.alias(name) for key, name in zip(keys, names, strict=True)), time.alias("time")])
    ordered = frame.with_row_index("row").sort([*names, "time"], nulls_last=False, maintain_order=True)
    ordered = ordered.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("place"))
    place, known = pl.col("place").first(), pl.col("time").is_not_null()
    first = place.over(names) + (~known).sum().over(names)  # those without a time come first, and do not count
    stop = place.over([*names, "time"])
    ordered = ordered.with_columns(pl.max_horizontal(first, stop - length).alias("start"), stop.alias("stop"))
    start = pl.col("start")
    windows = ordered.select("row", "start", pl.when(known).then(pl.max_horizontal("stop", start)).otherwise(start))
    by_row = windows.sort("row").select(ordered["row"].cast(pl.Int64), "start", "stop")
    return by_row.to_struct(rows.name)


def _values(rows: pl.Series) -> pl.Series:
    window, value = rows.struct.field("window"), rows.struct.field("value")
    row, start, stop = (window.struct.field(name).to_numpy() for name in ("row", "start", "stop"))
    lengths = stop - start
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - start, lengths)
    found = value.gather(row[places])
    lists = pa.LargeListArray.from_arrays(pa.array(offsets), found.to_arrow())
    return pl.Series(rows.name, lists, pl.List(value.dtype))
