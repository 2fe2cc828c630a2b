"""What a recommender has to beat: popularity over several windows, item-kNN and a user's own purchases."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import top_of_rows
from ops_gpu.candidates.own_history import retrieve_history
from ops_gpu.co_occurrence import Neighbours
from ops_gpu.events import DAY, Events
from ops_gpu.history import Histories
from ops_gpu.ranking_rows import blocks
from ops_gpu.snapshot import Snapshot, decayed

Codes = npt.NDArray[np.int32]
WINDOWS = {"popularity": None, "popularity_28d": 28, "popularity_7d": 7}


def baseline_lists(
    events: Events,
    snapshot: Snapshot,
    users: npt.NDArray[np.int64],
    k: int,
    repeats: bool,
    half_life_days: float,
) -> dict[str, Codes]:
    """Lists of every baseline from the events before the snapshot's moment.

    Args:
        events: all events; those at or after `snapshot.as_of` are not looked at.
        snapshot: says what may be offered.
        users: codes of the users.
        k: items a list.
        repeats: whether seen items may come back.
        half_life_days: of the decayed popularity.

    Returns:
        Int32 `[users, k]` by name, 0 where a list is shorter. Ties and gaps are filled by 28-day popularity.
    """
    past = events.before(snapshot.as_of)
    liked = past.where(past.positive)
    scores = {name: _window(liked, snapshot.as_of, days) for name, days in WINDOWS.items()}
    scores["popularity_decayed"] = decayed(liked, snapshot.as_of, half_life_days)
    filler = scores["popularity_28d"] + 1e-3 * scores["popularity"]
    filler = (filler / max(float(filler.max(initial=0)), 1.0)).astype(np.float32)
    neighbours = Neighbours.fit(past, size=100, history=1_000, shrinkage=0.0)
    parts: dict[str, list[Codes]] = {}
    for block in blocks(len(users)):
        histories = Histories.from_events(past, users[block])
        offered = _offered(snapshot, histories, repeats)
        for name, popularity in scores.items():
            ranked = popularity / max(float(popularity.max(initial=0)), 1.0) + 1e-6 * filler
            parts.setdefault(name, []).append(_best(np.where(offered, ranked, -np.inf), k))
        similar = _knn(neighbours, histories, snapshot.items, repeats)
        filled = similar + 1e-6 * max(float(similar.max(initial=0)), 1.0) * filler
        parts.setdefault("item_knn", []).append(_best(np.where(offered, filled, -np.inf), k))
        if repeats:
            parts.setdefault("own_purchases", []).append(_own(snapshot, histories, filler, k))
    return {name: np.concatenate(blocks_) for name, blocks_ in parts.items()}


def _window(liked: Events, as_of: int, days: int | None) -> npt.NDArray[np.float32]:
    recent = liked if days is None else liked.between(as_of - days * DAY, None)
    return np.bincount(recent.item, minlength=liked.items).astype(np.float32)


def _offered(snapshot: Snapshot, histories: Histories, repeats: bool) -> npt.NDArray[np.bool_]:
    offered = np.broadcast_to(snapshot.available, (len(histories), snapshot.items)).copy()
    if not repeats:
        offered[histories.items.row_ids, histories.items.values] = False
    return offered


def _knn(neighbours: Neighbours, histories: Histories, items: int, repeats: bool) -> npt.NDArray[np.float32]:
    liked = histories.positive > 0
    own = histories.items.keep(liked)
    scores = np.zeros(len(histories) * items, np.float32)
    key = own.row_ids[:, None] * items + neighbours.items[own.values]
    np.add.at(scores, key.ravel(), neighbours.similarity[own.values].ravel())
    if repeats:  # an item is its own nearest neighbour
        np.add.at(scores, own.row_ids * items + own.values, 1.0)
    return scores.reshape(len(histories), items)


def _own(snapshot: Snapshot, histories: Histories, filler: npt.NDArray[np.float32], k: int) -> Codes:
    own = retrieve_history(snapshot, histories, size=10_000)
    scores = np.where(snapshot.available, 1e-6 * filler, -np.inf)[None].repeat(len(histories), axis=0)
    scores[own.items.row_ids, own.items.values] += own.score
    return _best(scores, k)


def _best(scores: npt.NDArray[np.floating], k: int) -> Codes:  # type: ignore[type-arg]
    size = min(k, scores.shape[1])
    top = np.argpartition(-scores, size - 1, axis=1)[:, :size]
    value = np.take_along_axis(scores, top, axis=1)
    row = np.repeat(np.arange(len(scores)), size)
    found = np.isfinite(value).ravel()
    lists = top_of_rows(row[found], top.ravel()[found], value.ravel()[found].astype(np.float32), len(scores), size)
    return lists.items.to_dense(k, 0)
