"""PopularFallback: an unknown user gets what is popular now, and is told so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import BITS, FALLBACK
from ops_gpu.candidates.popular import popular_order
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.operators.retrieval.union_candidates import SOURCES
from serving.request.columns import Columns, array, ragged

if TYPE_CHECKING:
    from serving.release.release import Release

OUTPUTS = {"candidate_item": "int32", "candidate_score": "float32", "candidate_source": "uint8"}


@dataclass
class PopularFallback(ServingOperator):
    """Replaces the candidates of users without a history by the most popular items.

    Models learn from users with a history only, so they have nothing to say of one who is in no log, or
    whose items the release does not know. Such a list is the first `k` popular items, scored by decayed
    popularity, with the bits `popular` and `fallback`.

    Args:
        state: part of the release with the item state.
        pool: popular items given at least, where what follows removes some or chooses among them.
        names: all sources in the order of the bits of `candidate_sources`; none where there is no such column.

    Raises:
        ValueError: for a pool below 0.

    Example:
        >>> offered = (scored + seen["seen_item"] + request["k"]) >> PopularFallback(pool=200)
    """

    stage: ClassVar[str] = "ordering"

    state: str = "snapshot"
    pool: int = 0
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.pool < 0:
            raise ValueError(f"PopularFallback has a pool of {self.pool}; give 0, or more items.")

    def needs(self) -> tuple[Need, ...]:
        candidates = (Need(name, (dtype,), is_list=True) for name, dtype in self._outputs().items())
        return (*candidates, Need("seen_item", ("int32",), is_list=True), Need("k", ("int32",)))

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._outputs())

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(ColumnSchema(name, dtype, is_list=True) for name, dtype in self._outputs().items())

    def bind(self, release: Release) -> None:
        item_state = release.shared(self.state, ItemState.load)
        order = popular_order(item_state)
        bits = np.full(len(order), BITS["popular"] | FALLBACK, np.uint8)
        columns: list[npt.NDArray[Any]] = [order, np.asarray(item_state.popular[order]), bits]
        if self.names:
            columns.append(np.full(len(order), 1 << self.names.index("popular"), np.uint32))
        self._popular = dict(zip(self._outputs(), columns, strict=True))

    def transform(self, columns: Columns) -> Columns:
        unknown = ragged(columns, "seen_item").lengths == 0
        personal = {name: ragged(columns, name) for name in self._outputs()}
        if not unknown.any():
            return dict(personal)
        wanted = np.maximum(array(columns, "k"), self.pool)
        wanted = np.where(unknown, np.minimum(wanted, len(self._popular["candidate_item"])), 0)
        place = np.arange(wanted.sum()) - np.repeat(np.cumsum(wanted) - wanted, wanted)
        return {
            name: _replaced(lists, unknown, Ragged.from_lengths(self._popular[name][place], wanted))
            for name, lists in personal.items()
        }

    def _outputs(self) -> dict[str, str]:
        return {**OUTPUTS, **({SOURCES: "uint32"} if self.names else {})}


def _replaced(lists: Ragged, unknown: npt.NDArray[np.bool_], others: Ragged) -> Ragged:
    """`lists` with the rows of unknown users taken from `others`, whose other rows are empty."""
    kept = lists.keep(~unknown[lists.row_ids])
    result = Ragged.from_lengths(
        np.empty(len(kept.values) + len(others.values), lists.values.dtype), kept.lengths + others.lengths
    )
    fallback = unknown[result.row_ids]
    result.values[fallback], result.values[~fallback] = others.values, kept.values
    return result
