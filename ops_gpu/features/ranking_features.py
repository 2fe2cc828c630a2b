"""Time-aware features of (user, candidate) pairs, all from the state at one moment.

Everything here reads an `ItemState` and `Histories` of the same moment and nothing else, so a training row made as
of a past moment and a live request go through the same lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidate_config import source_names
from ops_gpu.candidates.candidates import Candidates
from ops_gpu.candidates.related_items import RelatedItems
from ops_gpu.features.ranking_kernels import fill_items, fill_pairs, fill_products, fill_users
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_codes import check_codes
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.primitives.ragged import Ragged

Floats = npt.NDArray[np.float32]

USER_FEATURES = ("user_items", "user_events", "user_recency", "user_popularity", "user_item_age")
PAIR_FEATURES = ("own_count", "own_recency", "own_share", "co_occurrence", "co_occurrence_relative")


@dataclass(frozen=True)
class ItemFeatures:
    """Per-item columns, computed once an item state; gathering a candidate's row is then one index.

    Args:
        names: a name a column.
        values: float32 `[items, columns]`.
    """

    names: tuple[str, ...]
    values: Floats

    @classmethod
    def of(cls, item_state: ItemState) -> ItemFeatures:
        """Popularity (log, and as a share of the whole), age and rate of every item."""
        age = np.maximum(item_state.as_of - item_state.first_seen, 0) / DAY
        columns = {"positive_rate": item_state.positive_rate, "item_age": np.log1p(age)}
        columns["total"] = np.log1p(item_state.total)
        for number, popularity in enumerate(item_state.popularity):
            columns[f"popularity_{number}"] = np.log1p(popularity)
            # a share means the same on a busy day and on a quiet one
            columns[f"popularity_share_{number}"] = np.log(popularity / (popularity.sum() + 1.0) + 1e-6)
        return cls(tuple(columns), np.stack(list(columns.values()), axis=1).astype(np.float32))


def feature_names(half_lives: int, learned: tuple[str, ...]) -> tuple[str, ...]:
    """Names of all columns that `ranking_features` gives, in its order.

    Args:
        half_lives: number of decays of popularity.
        learned: names of the retrieval models.
    """
    item = ["positive_rate", "item_age", "total"]
    for number in range(half_lives):
        item += [f"popularity_{number}", f"popularity_share_{number}"]
    sources = source_names(learned)
    ranks = tuple(f"rank_{name}" for name in sources)
    flags = tuple(f"from_{name}" for name in sources)
    return (*item, *USER_FEATURES, *PAIR_FEATURES, *learned, *ranks, *flags)


def ranking_features(
    item_state: ItemState,
    item_features: ItemFeatures,
    histories: Histories,
    candidates: Candidates,
    co_occurrence: RelatedItems,
    learned: Floats,
) -> Floats:
    """Features of every candidate.

    Args:
        item_state: item state.
        item_features: `ItemFeatures.of(item_state)`.
        histories: complete histories of the users, one row a user.
        candidates: candidates of the same users, by rising code.
        co_occurrence: scores of the same users.
        learned: float32 `[total, models]`, what each retrieval model says of the pair (0 where it says nothing).

    Returns:
        float32 `[total candidates, len(feature_names(...))]`.
    """
    check_codes(histories.items.values, item_state.items)
    check_codes(candidates.items.values, item_state.items)
    columns = item_features.values.shape[1]
    width = columns + len(USER_FEATURES) + len(PAIR_FEATURES) + learned.shape[1] + 2 * candidates.rank.shape[1]
    features = np.empty((len(candidates.items.values), width), np.float32)
    fill_items(candidates.items.values, item_features.values, candidates.rank, candidates.sources, features)
    past, related = histories.items, co_occurrence.items
    fill_users(
        candidates.items.offsets,
        past.offsets,
        past.values,
        histories.count,
        histories.last,
        item_state.first_seen,
        item_state.total,
        item_state.as_of,
        columns,
        features,
    )
    fill_pairs(
        candidates.items.offsets,
        candidates.items.values,
        past.offsets,
        past.values,
        histories.count,
        histories.last,
        histories.positive,
        related.offsets,
        related.values,
        co_occurrence.score,
        learned,
        item_state.as_of,
        columns + len(USER_FEATURES),
        features,
    )
    return features


def inner_products(users: Floats, items: Floats, candidates: Ragged) -> Floats:
    """Similarity of each user's vector and those of the user's candidates.

    Args:
        users: float32 `[users, dimension]`.
        items: float32 `[items, dimension]`.
        candidates: int32 item codes.

    Returns:
        float32 `[total candidates]`.
    """
    if users.shape != (len(candidates), items.shape[1]):
        raise ValueError(f"expected vectors {(len(candidates), items.shape[1])} of users, got {users.shape}.")
    check_codes(candidates.values, len(items))
    products = np.empty(len(candidates.values), np.float32)
    fill_products(np.ascontiguousarray(users), items, candidates.offsets, candidates.values, products)
    return products


def sparse_feature(related: RelatedItems, candidates: Ragged) -> Floats:
    """What a sparse model says of candidates, as rankers read it: sums grow with the history, so by their logarithm."""
    return np.log1p(related.score_of(candidates))
