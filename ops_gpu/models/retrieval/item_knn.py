"""ItemKnn: items that the same users chose, weighted by BM25; nothing to train, and hard to beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from ops_gpu.candidates.item_weights import ItemWeights
from ops_gpu.models.contract import Cost, SparseRetriever
from ops_gpu.models.retrieval.item_knn_config import ItemKnnConfig
from ops_gpu.models.retrieval.item_similarity import item_similarity

if TYPE_CHECKING:
    from ops_gpu.features.training_data import TrainingData
    from ops_gpu.models.training.progress import Progress

LINK_BYTES = 8  # an int32 code and a float32 weight
LIKED_BYTES = 12  # an int32 code and a float64 weight, by item and by user


@dataclass(frozen=True)
class ItemKnn(SparseRetriever):
    """Where every item leads to, counted from the events before a moment.

    It goes on from nothing: counting all events anew costs less than keeping what was counted.

    Args:
        table: the nearest items of every item.
        config: the settings that it was made with.
        losses: none, since nothing is learned in epochs.

    Example:
        >>> near = ItemKnn.fit(data, ItemKnnConfig(neighbours=50), end).weights()
    """

    table: ItemWeights
    config: ItemKnnConfig
    losses: tuple[float, ...] = ()

    @classmethod
    def fit(
        cls,
        data: TrainingData,
        config: ItemKnnConfig,
        end: int,
        start: int | None = None,
        previous: ItemKnn | None = None,
        progress: Progress | None = None,
    ) -> ItemKnn:
        past = data.events.before(end)
        if not past.positive.any():
            raise ValueError("there are no training rows: the days chosen for training hold no positive event.")
        if progress is not None:
            progress(f"similar items of {past.items:,} from {len(past):,} events")
        return cls(_table(item_similarity(past, config.neighbours + 1), config.neighbours), config)

    def grown(self, data: TrainingData) -> ItemKnn:
        return replace(self, table=self.table.grown(data.events.items))

    def weights(self) -> ItemWeights:
        return self.table

    def save(self, folder: Path) -> None:
        """Writes the table as arrays into a new folder."""
        folder.mkdir(parents=True)
        self.table.save(folder)

    @classmethod
    def load(cls, folder: Path, config: ItemKnnConfig) -> ItemKnn:
        return cls(ItemWeights.load(folder), config)

    @classmethod
    def cost(cls, data: TrainingData, config: ItemKnnConfig) -> Cost:
        links = min(data.events.items, config.neighbours) * data.events.items
        return Cost(2 * LINK_BYTES * links + 2 * LIKED_BYTES * len(data.events), LINK_BYTES * links)

    def summary(self) -> Mapping[str, float]:
        return {"links": int(np.count_nonzero(self.table.weights))}


def _table(similarity: sp.csr_matrix, size: int) -> ItemWeights:
    """The strongest links of every item but that to itself, which says nothing of others."""
    items = similarity.shape[0]
    rows, columns = similarity.nonzero()
    values = np.asarray(similarity[rows, columns], np.float32).ravel()
    kept = (rows != columns) & (values > 0)
    rows, columns, values = rows[kept], columns[kept], values[kept]
    order = np.lexsort((columns, -values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    inside = place < size
    neighbours, weights = np.zeros((items, size), np.int32), np.zeros((items, size), np.float32)
    neighbours[rows[inside], place[inside]] = columns[inside]
    weights[rows[inside], place[inside]] = values[inside]
    return ItemWeights(neighbours, weights, counted=True)
