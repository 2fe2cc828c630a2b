"""FilterCandidates: what must not be recommended, and why it was removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ops_gpu.ragged import Ragged
from ops_gpu.schema import ColumnSchema, Schema
from ops_gpu.snapshot import Snapshot
from serving.operators.base import Columns, Need, ServingOperator, ragged

if TYPE_CHECKING:
    from serving.release import Release

SEEN, UNAVAILABLE = 1, 2
REASONS = {"seen": SEEN, "unavailable": UNAVAILABLE}
"""Why a candidate was removed, as bits: both may hold."""

PREFIX = "candidate_"
REMOVED = ("removed_item", "removed_reason")


@dataclass
class FilterCandidates(ServingOperator):
    """Removes candidates that the user has already seen, and those that are not available.

    Every column named `candidate_*` keeps the same candidates. Merlin Systems' operator of this name
    flattened its inputs and so answered one user a request; this one works on ragged lists.

    Args:
        repeats: whether seen items are welcome (repurchases).
        state: part of the release with the item state (availability).
        seen: list column with the codes of all items that the user ever interacted with.

    Example:
        >>> kept = (candidates + history["history_item"]) >> FilterCandidates()
    """

    stage: ClassVar[str] = "filtering"

    repeats: bool = False
    state: str = "snapshot"
    seen: str = "seen_item"

    def needs(self) -> tuple[Need, ...]:
        candidates = Need("candidate_item", ("int32",), is_list=True)
        return (candidates,) if self.repeats else (candidates, Need(self.seen, ("int32",), is_list=True))

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (*(name for name in names if name.startswith(PREFIX)), *REMOVED)

    def output_schema(self, schema: Schema) -> Schema:
        kept = [column for column in schema if column.name.startswith(PREFIX)]
        removed = zip(REMOVED, ("int32", "uint8"), strict=True)
        return Schema([*kept, *(ColumnSchema(name, dtype, is_list=True) for name, dtype in removed)])

    def evidence(self) -> dict[str, str]:
        return {name: name for name in REMOVED}

    def bind(self, release: Release) -> None:
        self._available = np.array(release.shared(self.state, Snapshot.load).available)

    def transform(self, columns: Columns) -> Columns:
        items = ragged(columns, "candidate_item")
        reason = np.where(self._available[items.values], 0, UNAVAILABLE).astype(np.uint8)
        if not self.repeats:
            reason[contained(items, ragged(columns, self.seen))] |= SEEN
        keep = reason == 0
        kept, removed = items.keep(keep), items.keep(~keep)
        result: Columns = {"removed_item": removed, "removed_reason": removed.with_values(reason[~keep])}
        for name in columns:
            if name.startswith(PREFIX):
                result[name] = kept.with_values(ragged(columns, name).values[keep])
        return result


def contained(lists: Ragged, others: Ragged) -> npt.NDArray[np.bool_]:
    """Whether each value (codes, not negative) is in the other list of the same row; bool `[total]`."""
    if len(others.values) == 0 or len(lists.values) == 0:
        return np.zeros(len(lists.values), np.bool_)
    base = 1 + max(int(lists.values.max()), int(others.values.max()))
    known = np.sort(others.row_ids * base + others.values)
    wanted: npt.NDArray[Any] = lists.row_ids * base + lists.values
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.asarray(known[at] == wanted)
