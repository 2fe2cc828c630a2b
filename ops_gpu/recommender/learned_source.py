"""A retrieval model as a candidate source at one moment: what it is asked with, what it brings, how it scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import SourceList
from ops_gpu.candidates.index import ItemIndex
from ops_gpu.candidates.item_weights import ItemWeights
from ops_gpu.candidates.nearest import retrieve_nearest
from ops_gpu.candidates.related_items import RelatedItems
from ops_gpu.features.ranking_features import inner_products, sparse_feature
from ops_gpu.features.training_data import TrainingData
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.models.contract import DenseRetriever, Retriever, SparseRetriever
from ops_gpu.primitives.ragged import Ragged

Floats = npt.NDArray[np.float32]
Query = TypeVar("Query")


class LearnedSource(ABC, Generic[Query]):
    """What a retrieval model brings to a batch of users; the query of a batch is made once for all that follows."""

    @abstractmethod
    def query(self, data: TrainingData, users: npt.NDArray[np.int64], histories: Histories, as_of: int) -> Query:
        """What these users are looked for with.

        Args:
            data: features of users.
            users: codes `[users]`.
            histories: their complete histories.
            as_of: epoch seconds, what time it is.
        """

    @abstractmethod
    def retrieve(
        self, query: Query, item_state: ItemState, histories: Histories, size: int, repeats: bool
    ) -> SourceList:
        """The best items of each user, without seen ones unless `repeats`."""

    @abstractmethod
    def score(self, query: Query, candidates: Ragged) -> Floats:
        """What the model says of candidates, whoever brought them: float32 `[total]`, 0 for nothing."""

    @abstractmethod
    def learned(self) -> tuple[npt.NDArray[Any], ...]:
        """The arrays by which it finds candidates."""


@dataclass(frozen=True)
class DenseSource(LearnedSource[Floats]):
    """Nearest items by vectors.

    Args:
        model: embeds who asks.
        vectors: float32 `[items, dimension]`.
        index: over the vectors of the offered items.
    """

    model: DenseRetriever
    vectors: Floats
    index: ItemIndex

    def query(self, data: TrainingData, users: npt.NDArray[np.int64], histories: Histories, as_of: int) -> Floats:
        return self.model.embed_users(data, users, histories)

    def retrieve(
        self, query: Floats, item_state: ItemState, histories: Histories, size: int, repeats: bool
    ) -> SourceList:
        return retrieve_nearest(self.index, query, histories, size, repeats)

    def score(self, query: Floats, candidates: Ragged) -> Floats:
        return inner_products(query, self.vectors, candidates)

    def learned(self) -> tuple[npt.NDArray[Any], ...]:
        return (self.vectors,)


@dataclass(frozen=True)
class SparseSource(LearnedSource[RelatedItems]):
    """Items that a user's own lead to.

    Args:
        weights: from item to item.
    """

    weights: ItemWeights

    def query(self, data: TrainingData, users: npt.NDArray[np.int64], histories: Histories, as_of: int) -> RelatedItems:
        return self.weights.related(histories, as_of)

    def retrieve(
        self, query: RelatedItems, item_state: ItemState, histories: Histories, size: int, repeats: bool
    ) -> SourceList:
        return query.retrieve(item_state, histories, size, repeats)

    def score(self, query: RelatedItems, candidates: Ragged) -> Floats:
        return sparse_feature(query, candidates)

    def learned(self) -> tuple[npt.NDArray[Any], ...]:
        return self.weights.neighbours, self.weights.weights


Indexed = tuple[Floats, ItemIndex]
"""Vectors of all items, float32 `[items, dimension]`, and an index of those that are offered."""


def learned_source(
    model: Retriever,
    data: TrainingData,
    offered: npt.NDArray[np.bool_],
    indexed: Indexed | None = None,
    kind: str = "auto",
) -> LearnedSource[Any]:
    """A retrieval model as a source.

    Args:
        model: fitted.
        data: features of items.
        offered: bool `[items]`, what may be recommended.
        indexed: of a dense model, where it is there already; else it is made.
        kind: of the index that is made, as `ItemIndex.build` has them.

    Raises:
        TypeError: for a model that is neither dense nor sparse.
    """
    if isinstance(model, DenseRetriever):
        if indexed is None:
            vectors = model.embed_items(data)
            indexed = vectors, ItemIndex.build(vectors, offered, kind)
        return DenseSource(model, *indexed)
    if isinstance(model, SparseRetriever):
        return SparseSource(model.weights())
    raise TypeError(f"{type(model).__name__} is no retrieval model; derive it from DenseRetriever or SparseRetriever.")
