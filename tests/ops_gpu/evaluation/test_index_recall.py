from __future__ import annotations

from dataclasses import replace

import numpy as np

from ops_gpu.candidates.index import ItemIndex
from ops_gpu.evaluation.index_recall import index_recall, tuned, user_vectors
from ops_gpu.recommender.learned_source import DenseSource
from tests.ops_gpu.heart import CUT, Heart


def test_indexes_are_tuned_by_users(heart: Heart) -> None:
    source = heart.sources.learned["two_tower"]
    assert isinstance(source, DenseSource) and tuned(heart.sources, heart.data).learned["two_tower"] is source  # exact
    graph = ItemIndex.build(source.vectors, heart.sources.item_state.available, kind="hnsw")
    guessing = replace(heart.sources, learned={"two_tower": replace(source, index=replace(graph, recall=0.5))})
    found = tuned(guessing, heart.data).learned["two_tower"]
    assert isinstance(found, DenseSource) and found.index.kind == "hnsw" and found.index.recall > 0.95
    queries = user_vectors(heart.data, heart.towers, CUT, most=50, seed=1)
    assert queries.shape == (50, heart.towers.config.dimension)
    assert not np.array_equal(queries, user_vectors(heart.data, heart.towers, CUT, most=50))
    assert index_recall(found.index, source.vectors, heart.sources.item_state.available, queries) > 0.95
