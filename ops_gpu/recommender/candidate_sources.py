"""All candidate sources of a recommender at one moment, and their union for a batch of users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidate_config import CandidateConfig, source_names
from ops_gpu.candidates.candidates import Candidates, SourceList
from ops_gpu.candidates.co_occurring import co_occurring
from ops_gpu.candidates.own_history import retrieve_history
from ops_gpu.candidates.popular import popular_order, retrieve_popular
from ops_gpu.candidates.related_items import RelatedItems
from ops_gpu.features.ranking_features import ItemFeatures, ranking_features
from ops_gpu.features.training_data import TrainingData
from ops_gpu.interactions.co_occurrence import Neighbours
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState, Similar
from ops_gpu.models.contract import Retrievers
from ops_gpu.recommender.learned_source import Indexed, LearnedSource, learned_source

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class CandidateSources:
    """Retrieval of one recommender as of one moment, for whole batches of users.

    Args:
        item_state: item state.
        learned: retrieval models by name.
        config: sizes.
    """

    item_state: ItemState
    learned: Mapping[str, LearnedSource[Any]]
    config: CandidateConfig

    @property
    def names(self) -> tuple[str, ...]:
        """All sources in the order of their bits."""
        return source_names(tuple(self.learned))

    @cached_property
    def _popular(self) -> npt.NDArray[np.int32]:
        return popular_order(self.item_state)

    @cached_property
    def _item_features(self) -> ItemFeatures:
        return ItemFeatures.of(self.item_state)

    def retrieve(
        self, data: TrainingData, users: npt.NDArray[np.int64], histories: Histories
    ) -> tuple[Candidates, Floats]:
        """Candidates of all sources that are switched on, and their ranking features.

        Args:
            data: features of users.
            users: codes `[users]`.
            histories: their complete histories, a row a user.

        Returns:
            The union, and float32 `[total candidates, features]`.
        """
        as_of = self.item_state.as_of
        queries = {name: source.query(data, users, histories, as_of) for name, source in self.learned.items()}
        related = co_occurring(self.item_state, histories)
        lists = self._learned(queries, histories) | self._of_state(histories, related)
        names = self.names
        found = Candidates.union(lists, len(histories), names, len(names))
        learned = np.empty((len(found.items.values), len(queries)), np.float32)
        for number, (name, query) in enumerate(queries.items()):
            learned[:, number] = self.learned[name].score(query, found.items)
        features = ranking_features(self.item_state, self._item_features, histories, found, related, learned)
        return found, features

    def _learned(self, queries: Mapping[str, Any], histories: Histories) -> dict[str, SourceList]:
        """What every retrieval model brings, by its name."""
        repeats, sizes = self.config.repeats, {name: self.config.size(name) for name in queries}
        return {
            name: self.learned[name].retrieve(query, self.item_state, histories, sizes[name], repeats)
            for name, query in queries.items()
            if sizes[name]
        }

    def _of_state(self, histories: Histories, related: RelatedItems) -> dict[str, SourceList]:
        """What every source that reads the item state alone brings, by its name."""
        config, item_state, repeats = self.config, self.item_state, self.config.repeats
        lists: dict[str, SourceList] = {}
        if popular := config.size("popular"):
            lists["popular"] = retrieve_popular(self._popular, item_state, histories, popular, repeats)
        if repeats and (history := config.size("history")):
            lists["history"] = retrieve_history(item_state, histories, history)
        if co_occurrence := config.size("co_occurrence"):
            lists["co_occurrence"] = related.retrieve(item_state, histories, co_occurrence, repeats)
        return lists


def sources_at(
    data: TrainingData,
    retrievers: Retrievers,
    as_of: int,
    candidates: CandidateConfig,
    live: bool = False,
    indexed: Mapping[str, Indexed] | None = None,
    similar: Similar = Neighbours.fit,
) -> CandidateSources:
    """Candidate sources as of a moment.

    What is asked for a past moment is looked for by exact search. Of 40,000 items (160,000; 64 numbers each) a graph
    takes 3 s (19 s) to build, and finds for 2,000 users in 0.19 s (0.41 s) what takes 0.24 s (0.43 s) without.

    Args:
        data: events and features; events at or after `as_of` are not looked at.
        retrievers: retrieval models by name.
        as_of: epoch seconds.
        candidates: sizes.
        live: offers every available item of the catalogue, cold ones too; else only those with an event by then.
        indexed: vectors and indexes of dense models, by name, over what is offered; those not given are made.
        similar: finds neighbours of items, or has them.
    """
    offered, there, kind = data.offered(None if live else as_of), indexed or {}, "auto" if live else "flat"
    learned = {name: learned_source(model, data, offered, there.get(name), kind) for name, model in retrievers.items()}
    item_state = ItemState.build(data.events, as_of, offered, candidates.snapshot, similar)
    return CandidateSources(item_state, learned, candidates)
