"""EncodeHistory: the user's own past, from the ids of the logs to the codes of the release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ops_gpu.features.feature_table import FIRST_CODE
from ops_gpu.interactions.histories import Histories
from ops_gpu.primitives.kernel import Int32s, Int64s, kernel
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.workflow import Workflow
from serving.operators.base import Need, ServingOperator
from serving.request.columns import Columns, ragged

if TYPE_CHECKING:
    from serving.release.release import Release

OUTPUTS = {"seen_item": "int32", "seen_count": "float32", "seen_last": "int64", "seen_positive": "float32"}


SEEN = tuple(
    Need(f"seen_{name}", (dtype,), is_list=True)
    for name, dtype in (("item", "int32"), ("count", "float32"), ("last", "int64"), ("positive", "float32"))
)
"""The columns of `EncodeHistory`."""


@dataclass
class EncodeHistory(ServingOperator):
    """Encodes the complete history of each user, one entry a distinct item, oldest first.

    Items that the release does not know are left out: it can neither recommend them nor learn from them.
    Entries of one moment are ordered by code, as `Histories.from_events` orders them offline.

    Args:
        dtype: type of the raw item ids, `int64` or `string`.
        column: output column of the workflow that holds item codes.
        workflow: part of the release with the workflow.

    Example:
        >>> seen = user >> EncodeHistory("int64")
    """

    stage: ClassVar[str] = "features"

    dtype: str = "int64"
    column: str = "item_id"
    workflow: str = "workflow"

    def needs(self) -> tuple[Need, ...]:
        return (
            Need("history_item", (self.dtype,), is_list=True),
            Need("history_count", ("float32",), is_list=True),
            Need("history_last", ("int64",), is_list=True),
            Need("history_positive", ("float32",), is_list=True),
        )

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(OUTPUTS)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(ColumnSchema(name, dtype, is_list=True) for name, dtype in OUTPUTS.items())

    def bind(self, release: Release) -> None:
        self._encode = release.shared(self.workflow, Workflow.load).encoder(self.column).encode

    def transform(self, columns: Columns) -> Columns:
        raw = ragged(columns, "history_item")
        codes = self._encode(raw.values)
        last = raw.with_values(ragged(columns, "history_last").values).values  # as long, which the kernel relies on
        kept, offsets = np.empty(len(codes), np.int64), np.zeros_like(raw.offsets)
        kept = kept[: _known_in_order(raw.offsets, codes, last, FIRST_CODE, offsets, kept)]
        items = Ragged(codes[kept], offsets)
        result: Columns = {"seen_item": items}
        for name in ("count", "last", "positive"):
            values = ragged(columns, f"history_{name}").values[kept]
            result[f"seen_{name}"] = items.with_values(values.astype(OUTPUTS[f"seen_{name}"], copy=False))
        return result


@kernel(writes=2)
def _known_in_order(rows: Int64s, codes: Int32s, last: Int64s, first: int, offsets: Int64s, kept: Int64s) -> int:
    """Where the codes from `first` on are, those of a user by moment and then by code; gives how many there are."""
    total = 0
    for row in range(len(rows) - 1):
        start, in_order = total, True
        for place in range(rows[row], rows[row + 1]):
            if codes[place] < first:
                continue
            if total > start:
                before = kept[total - 1]
                in_order &= last[before] < last[place] or (
                    last[before] == last[place] and codes[before] <= codes[place]
                )
            kept[total] = place
            total += 1
        if not in_order:  # stored histories are, but for items of one moment
            mine = kept[start:total]
            mine = mine[np.argsort(codes[mine], kind="mergesort")]
            kept[start:total] = mine[np.argsort(last[mine], kind="mergesort")]
        offsets[row + 1] = total
    return total


def histories(columns: Columns) -> Histories:
    """The histories that this operator's columns make up."""
    count, last, positive = (ragged(columns, f"seen_{name}").values for name in ("count", "last", "positive"))
    return Histories(ragged(columns, "seen_item"), count, last, positive)
