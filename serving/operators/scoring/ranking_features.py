"""RankingFeatures: what is known of each pair of user and candidate at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy.typing as npt

from ops_gpu.features.ranking_features import ItemFeatures, inner_products, ranking_features
from ops_gpu.interactions.item_state import Snapshot
from ops_gpu.primitives.memory_map import mapped
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.operators.features.encode_history import SEEN, histories
from serving.operators.retrieval.score_co_occurrence import co_occurrence_scores
from serving.operators.retrieval.union_candidates import candidates_of
from serving.request.columns import Columns, array

if TYPE_CHECKING:
    from serving.release.release import Release

OUTPUT = "ranking_features"


@dataclass
class RankingFeatures(ServingOperator):
    """The pair features of the ranker, by the same function that made its training rows.

    Args:
        state: part of the release with the item state.
        vectors: part of the release with the item vectors (`vectors.npy`, float32 `[items, dimension]`).
    """

    stage: ClassVar[str] = "scoring"

    state: str = "snapshot"
    vectors: str = "item_embeddings"

    def needs(self) -> tuple[Need, ...]:
        return (
            *SEEN,
            Need("candidate_item", ("int32",), is_list=True),
            Need("candidate_source", ("uint8",), is_list=True),
            Need("candidate_rank", ("float32",), is_list=True),
            Need("related_item", ("int32",), is_list=True),
            Need("related_score", ("float32",), is_list=True),
            Need("query_vector", ("float32",)),
        )

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (OUTPUT,)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema([ColumnSchema(OUTPUT, "float32", is_list=True)])

    def bind(self, release: Release) -> None:
        self._snapshot = release.shared(self.state, Snapshot.load)
        self._vectors = release.shared(self.vectors, item_vectors)
        self._item_features = ItemFeatures.of(self._snapshot)

    def transform(self, columns: Columns) -> Columns:
        candidates = candidates_of(columns)
        features = ranking_features(
            self._snapshot,
            self._item_features,
            histories(columns),
            candidates,
            co_occurrence_scores(columns),
            inner_products(array(columns, "query_vector"), self._vectors, candidates.items),
        )
        return {OUTPUT: candidates.items.with_values(features)}


def item_vectors(folder: Path) -> npt.NDArray[Any]:
    """The vectors of all items by code, float32 `[items, dimension]`."""
    return mapped(folder / "vectors.npy")
