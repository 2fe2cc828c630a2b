"""JoinExternal: columns of another table, beside the rows that name its keys."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl

from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.rows.external_table import VALUE, ExternalTable, gathered, places_of, with_unique_keys
from ops_gpu.operators.rows.given_tables import GivenTables
from ops_gpu.primitives.content_hash import hash_frame
from ops_gpu.schema.schema import Schema

EXTERNAL = "external"


@dataclass(frozen=True, repr=False)
class JoinExternal(GivenTables):
    """Looks rows of an external table up by key, and adds its columns to those taken; rows stay as many.

    An unknown key gives null; null and NaN are one key like any other. The table is read when the workflow is
    fitted, is saved with it, and stays until the next full `fit`; rows teach nothing.

    Args:
        df_ext: the table, or the path of a Parquet file; left out only where the operator was saved.
        on: the key column or columns among those taken; raw ones are added where they are not.
        how: `left`.
        on_ext: their names in the table, where these differ.
        columns_ext: columns of the table to add; by default all but its keys.
        drop_duplicates_ext: whether the first row of a key is taken where there are several.
        table: content hash of a table given as a frame; filled by the operator.

    Raises:
        ValueError: when `how` is another, a column is missing or comes twice, a key comes twice, or the table
            holds lists.

    Example:
        >>> node = ["item_id"] >> JoinExternal(items, on="item_id", columns_ext=["price"])
    """

    df_ext: pl.DataFrame | str | os.PathLike[str] | None = field(default=None, compare=False)
    on: str | Sequence[str] = ()
    how: str = "left"
    on_ext: str | Sequence[str] | None = None
    columns_ext: Sequence[str] | None = None
    drop_duplicates_ext: bool = False
    table: str | None = None

    def __post_init__(self) -> None:
        if self.how != "left":
            also = "; take left, and drop rows without a match by a Filter after it" if self.how == "inner" else ""
            raise ValueError(f"JoinExternal has how {self.how!r}, expected 'left'{also}.")
        on = _names(self.on)
        keys = on if self.on_ext is None else _names(self.on_ext)
        if not on or len(on) != len(keys):
            raise ValueError(f"JoinExternal has keys on={on} and on_ext={keys}; name as many of one as of the other.")
        if self.columns_ext is None:
            added = tuple(name for name in self._source().types if name not in keys)
        else:
            added = tuple(self.columns_ext)
        hashed = hash_frame(self._source().chosen(keys, added)) if isinstance(self.df_ext, pl.DataFrame) else self.table
        for name, value in (("on", on), ("on_ext", keys), ("columns_ext", added), ("table", hashed)):
            object.__setattr__(self, name, value)

    def parameters(self) -> dict[str, Any]:
        path = None if self.df_ext is None or isinstance(self.df_ext, pl.DataFrame) else os.fspath(self.df_ext)
        return {**super().parameters(), "df_ext": path}

    def companions(self) -> tuple[str, ...]:
        return _names(self.on)

    def required(self, names: Sequence[str]) -> tuple[str, ...]:
        return ()  # without the keys, the columns taken are given all the same

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        joined = not set(self._added).isdisjoint(outputs)
        return {*(name for name in names if name in outputs), *(self.companions() if joined else ())}

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        twice = [name for name in self._added if name in names]
        if twice:
            raise ValueError(f"JoinExternal adds column {twice[0]!r}, which is there; leave it out of columns_ext.")
        return (*names, *self._found(names))

    def _found(self, names: Sequence[str]) -> tuple[str, ...]:
        """The columns added, where the keys are there."""
        return self._added if set(names).issuperset(self.companions()) else ()

    @property
    def _added(self) -> tuple[str, ...]:
        return tuple(self.columns_ext or ())

    def _source(self) -> ExternalTable:
        if self.df_ext is None:
            raise ValueError("JoinExternal has no table; give it as df_ext, for it is saved with what was fitted only.")
        return ExternalTable(self.df_ext)

    def given_tables(self) -> dict[str, pl.DataFrame]:
        rows = self._source().chosen(_names(self.on_ext or ()), self._added)
        return {EXTERNAL: with_unique_keys(rows, self.drop_duplicates_ext)}

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        on, rows = _names(self.on), state[EXTERNAL]
        added = self._found(list(columns))
        if not added:
            return dict(columns)
        for name in on:
            if isinstance(dtype := plan.dtype(columns[name]), pl.List):
                raise ValueError(f"JoinExternal joins single keys, and column {name!r} is of type {dtype}; explode it.")
        place = plan.lookup(on, [columns[name] for name in on], state.derived(EXTERNAL, "places", places_of))[0]
        found = {name: rows[VALUE + name] for name in added}
        return dict(columns) | {
            name: place.map_batches(partial(gathered, values=values), values.dtype, is_elementwise=True)
            for name, values in found.items()
        }

    def source(self, name: str, taken: Sequence[str]) -> str | None:
        return name if name in taken else None

    def output_schema(self, schema: Schema, state: NodeState | None = None) -> Schema:
        added = self._found(schema.names)
        if not added:
            return schema
        types = self._source().types if state is None else state[EXTERNAL].schema
        prefix = "" if state is None else VALUE
        return schema + Schema.from_polars(pl.Schema({name: types[prefix + name] for name in added}))


def _names(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
