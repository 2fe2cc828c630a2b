"""What a recommender has to beat: popularity over several windows, item-kNN and a user's own purchases."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ops_gpu.candidates.own_history import retrieve_history
from ops_gpu.candidates.popular import retrieve_popular
from ops_gpu.evaluation.filled_lists import Filler, filled_lists
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState, decayed
from ops_gpu.models.retrieval.item_similarity import item_similarity, liked_counts
from ops_gpu.primitives.ragged import Ragged

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
WINDOWS = {"popularity": None, "popularity_28d": 28, "popularity_7d": 7}
TIE = 1e-6  # weight of popularity where it only breaks ties


def baseline_lists(
    events: Events,
    item_state: ItemState,
    users: npt.NDArray[np.int64],
    k: int,
    repeats: bool,
    half_life_days: float,
) -> dict[str, Codes]:
    """Lists of every baseline from the events before the item state's moment.

    Args:
        events: all events; those at or after `item_state.as_of` are not looked at.
        item_state: says what may be offered.
        users: codes of the users.
        k: items a list.
        repeats: whether seen items may come back.
        half_life_days: of the decayed popularity.

    Returns:
        Int32 `[users, k]` by name, 0 where a list is shorter. Ties and gaps are filled by 28-day popularity.
    """
    past = events.before(item_state.as_of)
    scores = _popularities(past.where(past.positive), item_state.as_of, half_life_days)
    filler = scores["popularity_28d"] + 1e-3 * scores["popularity"]
    filler /= max(float(filler.max(initial=0)), 1.0)
    orders = {name: _order(item_state, popularity, filler) for name, popularity in scores.items()}
    chosen, similarity = liked_counts(past), item_similarity(past)
    parts: dict[str, list[Codes]] = {}
    tie = Filler.of(TIE * filler, item_state.available)
    for block, histories in Histories.in_blocks(past, users):
        for name, order in orders.items():
            found = retrieve_popular(order, item_state, histories, k, repeats)
            parts.setdefault(name, []).append(found.items.to_dense(k, 0))
        similar = sp.csr_matrix(chosen[users[block]] @ similarity)
        near, without = Ragged(similar.indices, similar.indptr.astype(np.int64)), None if repeats else histories
        parts.setdefault("item_knn", []).append(filled_lists(near, similar.data, tie, k, without))
        if repeats:
            own = retrieve_history(item_state, histories, size=10_000)
            parts.setdefault("own_purchases", []).append(filled_lists(own.items, own.score, tie, k))
    return {name: np.concatenate(lists) for name, lists in parts.items()}


def _popularities(liked: Events, as_of: int, half_life_days: float) -> dict[str, Floats]:
    """Positive events an item by window, and decayed, float64 `[items]` each."""
    result = {}
    for name, days in WINDOWS.items():
        recent = liked if days is None else liked.between(as_of - days * DAY, None)
        result[name] = np.bincount(recent.item, minlength=liked.items).astype(np.float64)
    return {**result, "popularity_decayed": decayed(liked, as_of, half_life_days).astype(np.float64)}


def _order(item_state: ItemState, popularity: Floats, filler: Floats) -> Codes:
    """All items on offer, the most popular first."""
    codes = np.flatnonzero(item_state.available)
    order = np.lexsort((codes, -filler[codes], -popularity[codes]))
    return codes[order].astype(np.int32)
