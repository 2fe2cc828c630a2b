"""How much of what exact search finds an index finds, asked as it is asked live: with the vectors of users."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.index import Floats, ItemIndex
from ops_gpu.features.training_data import TrainingData
from ops_gpu.interactions.histories import Histories
from ops_gpu.models.contract import DenseRetriever
from ops_gpu.recommender.candidate_sources import CandidateSources
from ops_gpu.recommender.learned_source import DenseSource, LearnedSource


def user_vectors(data: TrainingData, retrieval: DenseRetriever, as_of: int, most: int = 500, seed: int = 0) -> Floats:
    """Vectors of some users who had a history at a moment, float32 `[users, dimension]`.

    Args:
        data: events and features.
        retrieval: embeds them.
        as_of: epoch seconds; events from here on are not looked at.
        most: users at most, chosen by lot.
        seed: of the lot.
    """
    past = data.events.before(as_of)
    users = np.random.default_rng(seed).permutation(np.unique(past.user))[:most].astype(np.int64)
    return retrieval.embed_users(data, users, Histories.from_events(past, users))


def tuned(sources: CandidateSources, data: TrainingData, most: int = 200) -> CandidateSources:
    """The same sources, their indexes made to find what is nearest to users (`ItemIndex.tuned`).

    Args:
        sources: candidate sources.
        data: events and features.
        most: users at most, by whom they are tuned; checks ask for others.
    """

    def of(source: LearnedSource[Any]) -> LearnedSource[Any]:
        if not isinstance(source, DenseSource) or source.index.kind != "hnsw":
            return source
        return replace(
            source, index=source.index.tuned(user_vectors(data, source.model, sources.item_state.as_of, most, 1))
        )

    return replace(sources, learned={name: of(source) for name, source in sources.learned.items()})


def index_recall(
    index: ItemIndex, vectors: Floats, offered: npt.NDArray[np.bool_], queries: Floats, size: int = 100
) -> float:
    """Share of the nearest offered items that an index finds.

    Args:
        index: the index.
        vectors: float32 `[items, dimension]` of all items.
        offered: bool `[items]`, those that the index should hold; one that it lacks is not found.
        queries: float32 `[queries, dimension]`.
        size: items a query.

    Raises:
        ValueError: when there is no query or no item: nothing can be said of the index then.
    """
    size = min(size, int(offered.sum()))
    if not len(queries) or not size:
        raise ValueError(f"an index is judged by queries over items, got {len(queries)} queries and {size} items.")
    wanted, _ = ItemIndex.build(vectors, offered, kind="flat").search(queries, size)
    found, _ = index.search(queries, size)
    hits = sum(len(np.intersect1d(w, f)) for w, f in zip(wanted, found, strict=True))
    return hits / wanted.size
