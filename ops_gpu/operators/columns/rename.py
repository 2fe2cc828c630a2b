"""Rename: other names for the same columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import polars as pl

from ops_gpu.operators.base.feature_operator import FeatureOperator
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.operators.base.plan import Plan
from ops_gpu.schema.schema import Schema


class Rename(FeatureOperator):
    """Gives columns other names, in exactly one of three ways.

    NVTabular also takes a function; functions cannot be saved as data, so `names` stands in its place.

    Args:
        names: new names by old name; columns not named keep theirs.
        postfix: what to append to every name.
        name: the new name of a single column.

    Raises:
        ValueError: when not exactly one way is given, or `name` is given for several columns.

    Example:
        >>> node = ["price"] >> LogOp() >> Rename(postfix="_log")
        >>> node.names
        ('price_log',)
    """

    def __init__(
        self, names: Mapping[str, str] | None = None, postfix: str | None = None, name: str | None = None
    ) -> None:
        if sum(way is not None for way in (names, postfix, name)) != 1:
            raise ValueError("Rename takes exactly one of names, postfix and name; give one.")
        self._names, self._postfix, self._name = dict(names or {}), postfix, name

    def parameters(self) -> dict[str, Any]:
        return {"names": self._names or None, "postfix": self._postfix, "name": self._name}

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        if self._name is not None and len(names) > 1:
            raise ValueError(f"Rename to {self._name!r} takes one column, got {', '.join(names)}; use names.")
        return tuple(self._renamed(name) for name in names)

    def needed(self, outputs: Collection[str], names: Sequence[str]) -> set[str]:
        return {name for name in names if self._renamed(name) in outputs}

    def _renamed(self, name: str) -> str:
        if self._postfix is not None:
            return name + self._postfix
        return self._name if self._name is not None else self._names.get(name, name)

    def transform(self, columns: Mapping[str, pl.Expr], plan: Plan, state: NodeState) -> dict[str, pl.Expr]:
        return {self._renamed(name): expr for name, expr in columns.items()}

    def source(self, name: str, taken: Sequence[str]) -> str | None:
        return next(old for old in taken if self._renamed(old) == name)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(column.with_name(self._renamed(column.name)) for column in schema)
