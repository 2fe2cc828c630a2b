"""NodeState: what a fitted operator keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import polars as pl

T = TypeVar("T")


class NodeState(Mapping[str, pl.DataFrame]):
    """Small frames by unit (a column, a group of columns or a shared vocabulary); never changed in place.

    What is derived from them (sorted keys, lookup tables) is built when first asked for and kept, but neither
    saved nor sent to other processes.

    Args:
        tables: the frames by unit.
    """

    def __init__(self, tables: Mapping[str, pl.DataFrame] | None = None) -> None:
        self._tables = dict(tables or {})
        self._derived: dict[tuple[str, str], Any] = {}

    def __getitem__(self, unit: str) -> pl.DataFrame:
        return self._tables[unit]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def derived(self, unit: str, what: str, build: Callable[[pl.DataFrame], T]) -> T:
        """`build` of a unit's frame, built once under the name `what`."""
        key = (unit, what)
        if key not in self._derived:
            self._derived[key] = build(self._tables[unit])
        return self._derived[key]  # type: ignore[no-any-return]

    def __getstate__(self) -> dict[str, Any]:
        return {"_tables": self._tables, "_derived": {}}
