"""All candidate sources of a recommender at one moment, and their union for a batch of users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import Candidates, SourceList
from ops_gpu.candidates.co_occurring import CoOccurrenceScores
from ops_gpu.candidates.nearest import retrieve_nearest
from ops_gpu.candidates.own_history import retrieve_history
from ops_gpu.candidates.popular import popular_order, retrieve_popular
from ops_gpu.history import Histories
from ops_gpu.index import ItemIndex
from ops_gpu.ranking_config import CandidateConfig
from ops_gpu.ranking_features import ItemFeatures, ranking_features
from ops_gpu.snapshot import Snapshot

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class CandidateSources:
    """Retrieval of one recommender as of one moment, for whole batches of users.

    Args:
        snapshot: item state.
        embeddings: float32 `[items, dimension]`, item vectors.
        index: index over the vectors of the offered items.
        config: sizes.
    """

    snapshot: Snapshot
    embeddings: Floats
    index: ItemIndex
    config: CandidateConfig

    def __post_init__(self) -> None:
        object.__setattr__(self, "_popular", popular_order(self.snapshot))
        object.__setattr__(self, "_item_features", ItemFeatures.of(self.snapshot))

    def retrieve(self, histories: Histories, vectors: Floats) -> tuple[Candidates, Floats]:
        """Candidates of all sources that are switched on, and their ranking features.

        Args:
            histories: complete histories, a row a user.
            vectors: float32 `[users, dimension]`.

        Returns:
            The union, and float32 `[total candidates, features]`.
        """
        config, repeats = self.config, self.config.repeats
        scores = CoOccurrenceScores.compute(self.snapshot, histories)
        lists: dict[str, SourceList] = {}
        if config.two_tower:
            lists["two_tower"] = retrieve_nearest(
                self.index, vectors, histories, self.snapshot.items, config.two_tower, repeats
            )
        if config.popular:
            order = self._popular  # type: ignore[attr-defined]
            lists["popular"] = retrieve_popular(order, self.snapshot, histories, config.popular, repeats)
        if config.history and repeats:
            lists["history"] = retrieve_history(self.snapshot, histories, config.history)
        if config.co_occurrence:
            lists["co_occurrence"] = scores.retrieve(self.snapshot, histories, config.co_occurrence, repeats)
        found = Candidates.union(lists, len(histories))
        similarity = np.einsum("nd,nd->n", vectors[found.items.row_ids], self.embeddings[found.items.values])
        item_features = self._item_features  # type: ignore[attr-defined]
        features = ranking_features(self.snapshot, item_features, histories, found, scores, similarity)
        return found, features
