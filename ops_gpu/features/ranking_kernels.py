"""Loops that fill the columns of ranking features, user by user."""

from __future__ import annotations

import numpy as np

from ops_gpu.interactions.events import DAY
from ops_gpu.primitives.kernel import Float32Matrix, Float32s, Int32s, Int64s, UInt32s, kernel


@kernel(writes=1)
def fill_products(users: Float32Matrix, items: Float32Matrix, rows: Int64s, codes: Int32s, products: Float32s) -> None:
    """The inner product of each candidate's vector and the user's."""
    for row in range(len(rows) - 1):
        for place in range(rows[row], rows[row + 1]):
            product = np.float32(0)
            for column in range(items.shape[1]):
                product += users[row, column] * items[codes[place], column]
            products[place] = product


@kernel(writes=1)
def fill_items(
    codes: Int32s, table: Float32Matrix, rank: Float32Matrix, sources: UInt32s, features: Float32Matrix
) -> None:
    """What is known of each candidate's item in the first columns; ranks, and which sources brought it, in the last."""
    count = rank.shape[1]
    last = features.shape[1] - count
    for place in range(len(codes)):
        for column in range(table.shape[1]):
            features[place, column] = table[codes[place], column]
        for number in range(count):
            features[place, last - count + number] = rank[place, number]
            features[place, last + number] = 1.0 if sources[place] >> np.uint32(number) & np.uint32(1) else 0.0


@kernel(writes=1)
def fill_users(
    rows: Int64s,
    past_rows: Int64s,
    past: Int32s,
    count: Float32s,
    last: Int64s,
    first_seen: Int64s,
    total: Float32s,
    as_of: int,
    first: int,
    features: Float32Matrix,
) -> None:
    """The `USER_FEATURES` of `ranking_features`, from column `first` on, beside each candidate of the user."""
    for row in range(len(rows) - 1):
        start, stop = past_rows[row], past_rows[row + 1]
        events, popularity, age, latest = 0.0, 0.0, 0.0, np.int64(0)
        for place in range(start, stop):
            events += count[place]
            popularity += np.log1p(total[past[place]])
            age += np.log1p(max(np.int64(0), last[place] - first_seen[past[place]]) / DAY)
            latest = max(latest, last[place])
        items = stop - start
        recency = np.log1p(max(np.int64(0), as_of - latest) / DAY) if items else 0.0
        for place in range(rows[row], rows[row + 1]):
            features[place, first] = np.log1p(items)
            features[place, first + 1] = np.log1p(events)
            features[place, first + 2] = recency
            features[place, first + 3] = popularity / max(items, 1)
            features[place, first + 4] = age / max(items, 1)


@kernel(writes=1)
def fill_pairs(
    rows: Int64s,
    items: Int32s,
    past_rows: Int64s,
    past: Int32s,
    count: Float32s,
    last: Int64s,
    positive: Float32s,
    related_rows: Int64s,
    related: Int32s,
    related_score: Float32s,
    learned: Float32Matrix,
    as_of: int,
    first: int,
    features: Float32Matrix,
) -> None:
    """The `PAIR_FEATURES` of `ops_gpu.features.ranking_features`, from column `first` on, then those of the models.

    Candidates and related items rise, so each is found by halving.
    """
    for row in range(len(rows) - 1):
        start, stop = rows[row], rows[row + 1]
        mine = items[start:stop]
        own, closeness = np.zeros(stop - start, np.float32), np.zeros(stop - start, np.float32)  # 0 means never
        events = 0.0
        for place in range(past_rows[row], past_rows[row + 1]):
            events += count[place]
            at = np.searchsorted(mine, past[place])
            if at < len(mine) and mine[at] == past[place]:
                own[at] = positive[place]
                closeness[at] = 1.0 / (1.0 + max(np.int64(0), as_of - last[place]) / DAY)
        others, scores = related[related_rows[row] : related_rows[row + 1]], np.zeros(stop - start, np.float32)
        best = np.float32(0)
        for at in range(len(mine)):
            found = np.searchsorted(others, mine[at])
            if found < len(others) and others[found] == mine[at]:
                scores[at] = related_score[related_rows[row] + found]
                best = max(best, scores[at])
        for at in range(len(mine)):
            place = start + at
            features[place, first] = np.log1p(own[at])
            features[place, first + 1] = np.log(closeness[at] + 1e-3)
            features[place, first + 2] = own[at] / max(events, 1.0)
            features[place, first + 3] = np.log1p(scores[at])
            features[place, first + 4] = scores[at] / max(best, np.float32(1e-9))
            for number in range(learned.shape[1]):
                features[place, first + 5 + number] = learned[place, number]
