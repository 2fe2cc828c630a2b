"""RankingFeatures: what is known of each pair of user and candidate at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import FIRST_SOURCES
from ops_gpu.features.ranking_features import ItemFeatures, inner_products, ranking_features, sparse_feature
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.primitives.memory_map import memory_map
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.operators.features.encode_history import SEEN, histories
from serving.operators.retrieval.score_co_occurrence import related_items
from serving.operators.retrieval.union_candidates import SOURCES, candidates_of
from serving.release.model_part import model_part
from serving.request.columns import Columns, array

if TYPE_CHECKING:
    from serving.release.release import Release

OUTPUT = "ranking_features"


@dataclass
class RankingFeatures(ServingOperator):
    """The pair features of the ranker, by the same function that made its training rows.

    Args:
        state: part of the release with the item state.
        vectors: folder of the release with the item vectors (`vectors.npy`, float32 `[items, dimension]`).
        models: names of the retrieval models in the order of the features, each with the kind of it, `dense` or
            `sparse`; of a dense one the column is `NAME_vector`. Without any there is one
            dense model, as releases of before have it.

    Example:
        >>> features = (kept + seen) >> RankingFeatures(models=(("item_knn", "sparse"),))
    """

    stage: ClassVar[str] = "scoring"

    state: str = "snapshot"
    vectors: str = "item_embeddings"
    models: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        self.models = tuple((name, kind) for name, kind in self.models)
        unknown = next((kind for _, kind in self.models if kind not in ("dense", "sparse")), None)
        if unknown is not None:
            raise ValueError(f"RankingFeatures knows models that are dense or sparse, got {unknown!r}.")

    def needs(self) -> tuple[Need, ...]:
        return (
            *SEEN,
            Need("candidate_item", ("int32",), is_list=True),
            Need("candidate_source", ("uint8",), is_list=True),
            Need("candidate_rank", ("float32",), is_list=True),
            Need("related_item", ("int32",), is_list=True),
            Need("related_score", ("float32",), is_list=True),
            *(need for name, kind in self.models for need in _needs(name, kind)),
            *(() if self.models else (Need("query_vector", ("float32",)),)),
            *((Need(SOURCES, ("uint32",), is_list=True),) if self.models else ()),
        )

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (OUTPUT,)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema([ColumnSchema(OUTPUT, "float32", is_list=True)])

    def bind(self, release: Release) -> None:
        self._item_state = release.shared(self.state, ItemState.load)
        dense = [name for name, kind in self.models if kind == "dense"] if self.models else [FIRST_SOURCES[0]]
        places = {name: model_part(release, self.vectors, name) for name in dense}
        self._vectors = {name: release.shared(place, item_vectors) for name, place in places.items()}
        self._item_features = ItemFeatures.of(self._item_state)

    def transform(self, columns: Columns) -> Columns:
        candidates = candidates_of(columns, named=bool(self.models))
        features = ranking_features(
            self._item_state,
            self._item_features,
            histories(columns),
            candidates,
            related_items(columns),
            self._learned(columns, candidates.items),
        )
        return {OUTPUT: candidates.items.with_values(features)}

    def _learned(self, columns: Columns, candidates: Ragged) -> npt.NDArray[np.float32]:
        """What each retrieval model says of the pairs, float32 `[total, models]`."""
        if not self.models:
            ((_, vectors),) = self._vectors.items()
            return inner_products(array(columns, "query_vector"), vectors, candidates)[:, None]
        said = [self._said(columns, name, kind, candidates) for name, kind in self.models]
        return said[0][:, None] if len(said) == 1 else np.stack(said, axis=1)  # of one, nothing is copied

    def _said(self, columns: Columns, name: str, kind: str, candidates: Ragged) -> npt.NDArray[np.float32]:
        if kind == "dense":
            return inner_products(array(columns, f"{name}_vector"), self._vectors[name], candidates)
        return sparse_feature(related_items(columns, f"{name}_related"), candidates)


def _needs(name: str, kind: str) -> tuple[Need, ...]:
    if kind == "dense":
        return (Need(f"{name}_vector", ("float32",)),)
    prefix = f"{name}_related"
    return (Need(f"{prefix}_item", ("int32",), is_list=True), Need(f"{prefix}_score", ("float32",), is_list=True))


def item_vectors(folder: Path) -> npt.NDArray[Any]:
    """The vectors of all items by code, float32 `[items, dimension]`."""
    return memory_map(folder / "vectors.npy")
