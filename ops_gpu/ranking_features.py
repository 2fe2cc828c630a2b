"""Time-aware features of (user, candidate) pairs, all from the state at one moment.

Everything here reads a `Snapshot` and `Histories` of the same moment and nothing else, so a training row made as
of a past moment and a live request go through the same lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import BITS, SOURCES, Candidates
from ops_gpu.candidates.co_occurring import CoOccurrenceScores, lookup
from ops_gpu.events import DAY
from ops_gpu.history import Histories
from ops_gpu.snapshot import Snapshot

Floats = npt.NDArray[np.float32]

USER_FEATURES = ("user_items", "user_events", "user_recency", "user_popularity", "user_item_age")
PAIR_FEATURES = ("own_count", "own_recency", "own_share", "co_occurrence", "co_occurrence_relative", "two_tower")


@dataclass(frozen=True)
class ItemFeatures:
    """Per-item columns, computed once a snapshot; gathering a candidate's row is then one index.

    Args:
        names: a name a column.
        values: float32 `[items, columns]`.
    """

    names: tuple[str, ...]
    values: Floats

    @classmethod
    def of(cls, snapshot: Snapshot) -> ItemFeatures:
        """Popularity (log, and as a share of the whole), age and rate of every item."""
        age = np.maximum(snapshot.as_of - snapshot.first_seen, 0) / DAY
        columns = {"positive_rate": snapshot.positive_rate, "item_age": np.log1p(age)}
        columns["total"] = np.log1p(snapshot.total)
        for number, popularity in enumerate(snapshot.popularity):
            columns[f"popularity_{number}"] = np.log1p(popularity)
            # a share means the same on a busy day and on a quiet one
            columns[f"popularity_share_{number}"] = np.log(popularity / (popularity.sum() + 1.0) + 1e-6)
        return cls(tuple(columns), np.stack(list(columns.values()), axis=1).astype(np.float32))


def feature_names(half_lives: int) -> tuple[str, ...]:
    """Names of all columns that `ranking_features` gives, in its order."""
    item = ["positive_rate", "item_age", "total"]
    for number in range(half_lives):
        item += [f"popularity_{number}", f"popularity_share_{number}"]
    ranks = tuple(f"rank_{name}" for name in SOURCES)
    flags = tuple(f"from_{name}" for name in SOURCES)
    return (*item, *USER_FEATURES, *PAIR_FEATURES, *ranks, *flags)


def ranking_features(
    snapshot: Snapshot,
    item_features: ItemFeatures,
    histories: Histories,
    candidates: Candidates,
    co_occurrence: CoOccurrenceScores,
    two_tower: Floats,
) -> Floats:
    """Features of every candidate.

    Args:
        snapshot: item state.
        item_features: `ItemFeatures.of(snapshot)`.
        histories: complete histories of the users, one row a user.
        candidates: candidates of the same users.
        co_occurrence: scores of the same users.
        two_tower: float32 `[total]`, similarity of the user's and the item's vector (0 where there is none).

    Returns:
        float32 `[total candidates, len(feature_names(...))]`.
    """
    row, item = candidates.items.row_ids, candidates.items.values
    users = _user_features(snapshot, histories)
    return np.concatenate(
        [
            item_features.values[item],
            users[row],
            _pair_features(snapshot, histories, row, item, co_occurrence),
            two_tower[:, None],
            candidates.rank,
            np.stack([(candidates.source & BITS[name]) > 0 for name in SOURCES], axis=1),
        ],
        axis=1,
        dtype=np.float32,
    )


def _user_features(snapshot: Snapshot, histories: Histories) -> Floats:
    users = len(histories)
    row, item = histories.items.row_ids, histories.items.values
    lengths = np.maximum(histories.items.lengths, 1)
    latest = np.zeros(users, np.int64)
    np.maximum.at(latest, row, histories.last)
    age = np.maximum(histories.last - snapshot.first_seen[item], 0) / DAY
    columns = [
        np.log1p(histories.items.lengths),
        np.log1p(np.bincount(row, weights=histories.count, minlength=users)),
        np.log1p(np.maximum(snapshot.as_of - latest, 0) / DAY) * (histories.items.lengths > 0),
        np.bincount(row, weights=np.log1p(snapshot.total[item]), minlength=users) / lengths,
        np.bincount(row, weights=np.log1p(age), minlength=users) / lengths,
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _pair_features(
    snapshot: Snapshot,
    histories: Histories,
    row: npt.NDArray[np.int64],
    item: npt.NDArray[np.int32],
    co_occurrence: CoOccurrenceScores,
) -> Floats:
    key = histories.keys(snapshot.items)
    order = np.argsort(key)
    wanted = row * snapshot.items + item
    count = lookup(key[order], histories.positive[order], wanted)
    closeness = 1.0 / (1.0 + np.maximum(snapshot.as_of - histories.last, 0) / DAY)  # 0 means never
    recency = lookup(key[order], closeness[order].astype(np.float32), wanted)
    events = np.bincount(histories.items.row_ids, weights=histories.count, minlength=len(histories))
    score = co_occurrence.of(row, item)
    best = np.zeros(len(histories), np.float32)
    np.maximum.at(best, row, score)
    relative = score / np.maximum(best[row], 1e-9)
    columns = [np.log1p(count), np.log(recency + 1e-3), count / np.maximum(events[row], 1), np.log1p(score), relative]
    return np.stack(columns, axis=1).astype(np.float32)
