"""MaximalMarginalRelevance: a list of items that are unlike each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops_gpu.candidates.candidates import FIRST_SOURCES
from ops_gpu.ordering.diversity import Diversity
from ops_gpu.ordering.ranked import Ranked
from serving.operators.ordering.greedy_ordering import GreedyOrdering
from serving.operators.scoring.ranking_features import item_vectors
from serving.release.model_part import model_part
from serving.request.columns import Columns

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class MaximalMarginalRelevance(GreedyOrdering):
    """Trades relevance against likeness to what the list already holds; see `ops_gpu.ordering.diversity`.

    Args:
        relevance_weight: 1 is the order of relevance, 0 looks at differences alone.
        vectors: part of the release with the item vectors, or with a folder a model.
        model: name of the retrieval model whose vectors say what is alike.

    Example:
        >>> best = (scored + request["k"]) >> MaximalMarginalRelevance(0.7)
    """

    relevance_weight: float = 0.7
    vectors: str = "item_embeddings"
    model: str = FIRST_SOURCES[0]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.relevance_weight <= 1:
            raise ValueError(f"relevance_weight must lie between 0 and 1, got {self.relevance_weight}.")

    def bind(self, release: Release) -> None:
        self._vectors = release.shared(model_part(release, self.vectors, self.model), item_vectors)

    def choice(self, ranked: Ranked, columns: Columns) -> Diversity:
        return Diversity(ranked, self._vectors, self.relevance_weight)
