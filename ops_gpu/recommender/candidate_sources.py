"""All candidate sources of a recommender at one moment, and their union for a batch of users."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.candidates.candidates import Candidates, SourceList
from ops_gpu.candidates.co_occurring import CoOccurrenceScores
from ops_gpu.candidates.index import ItemIndex
from ops_gpu.candidates.nearest import retrieve_nearest
from ops_gpu.candidates.own_history import retrieve_history
from ops_gpu.candidates.popular import popular_order, retrieve_popular
from ops_gpu.features.ranking_features import ItemFeatures, inner_products, ranking_features
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import Snapshot

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

    @cached_property
    def _popular(self) -> npt.NDArray[np.int32]:
        return popular_order(self.snapshot)

    @cached_property
    def _item_features(self) -> ItemFeatures:
        return ItemFeatures.of(self.snapshot)

    def retrieve(self, histories: Histories, vectors: Floats) -> tuple[Candidates, Floats]:
        """Candidates of all sources that are switched on, and their ranking features.

        Args:
            histories: complete histories, a row a user.
            vectors: float32 `[users, dimension]`.

        Returns:
            The union, and float32 `[total candidates, features]`.
        """
        scores = CoOccurrenceScores.compute(self.snapshot, histories)
        found = Candidates.union(self._lists(histories, vectors, scores), len(histories))
        similarity = inner_products(vectors, self.embeddings, found.items)
        features = ranking_features(self.snapshot, self._item_features, histories, found, scores, similarity)
        return found, features

    def _lists(self, histories: Histories, vectors: Floats, scores: CoOccurrenceScores) -> dict[str, SourceList]:
        """What every source that is switched on brings, by its name."""
        config, snapshot, repeats = self.config, self.snapshot, self.config.repeats
        lists: dict[str, SourceList] = {}
        if config.two_tower:
            lists["two_tower"] = retrieve_nearest(self.index, vectors, histories, config.two_tower, repeats)
        if config.popular:
            lists["popular"] = retrieve_popular(self._popular, snapshot, histories, config.popular, repeats)
        if config.history and repeats:
            lists["history"] = retrieve_history(snapshot, histories, config.history)
        if config.co_occurrence:
            lists["co_occurrence"] = scores.retrieve(snapshot, histories, config.co_occurrence, repeats)
        return lists
