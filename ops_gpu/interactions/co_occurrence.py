"""Item-to-item neighbours by cosine over the users who liked both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ops_gpu.interactions.events import Events
from ops_gpu.primitives.kernel import Float32Matrix, Float32s, Int32Matrix, Int32s, Int64s, in_threads, kernel
from ops_gpu.primitives.ragged import Ragged


@dataclass(frozen=True)
class Neighbours:
    """The most similar items of every item.

    Args:
        items: int32 `[items, m]`, codes by falling similarity, 0 where there are fewer than `m`.
        similarity: float32 `[items, m]`, cosine in (0, 1], 0 where there is none.
    """

    items: npt.NDArray[np.int32]
    similarity: npt.NDArray[np.float32]

    @classmethod
    def fit(cls, events: Events, size: int = 50, history: int = 200, shrinkage: float = 2.0) -> Neighbours:
        """Counts who liked both, over the last `history` liked items of each user.

        Args:
            events: the interactions to learn from; only positive ones count.
            size: neighbours kept an item.
            history: how many items of a user count: heavy users would otherwise cost their square.
            shrinkage: added to the geometric mean of the two popularities, so that two items
                with one user in common are not taken for twins.

        Source: item-based top-N (Deshpande and Karypis, 2004), cosine with shrinkage.
        """
        liked = _last_liked(events.where(events.positive), history)
        popularity = np.bincount(liked.values, minlength=events.items).astype(np.float32)
        popularity[popularity < 2] = 0  # one user makes no co-occurrence worth having
        liked = liked.keep(popularity[liked.values] > 0)
        ones = np.ones(len(liked.values), np.float32)
        likers = sp.csr_matrix((ones, liked.values, liked.offsets), shape=(events.users, events.items)).tocsc()
        result = cls(np.zeros((events.items, size), np.int32), np.zeros((events.items, size), np.float32))
        offsets, users, norm = likers.indptr.astype(np.int64), likers.indices.astype(np.int32), np.sqrt(popularity)

        def of(start: int, end: int) -> None:
            common, met = np.zeros(events.items, np.int32), np.zeros(events.items, np.int32)
            room, found = np.zeros(events.items, np.float32), (result.items[start:end], result.similarity[start:end])
            _nearest(start, liked.offsets, liked.values, offsets, users, norm, shrinkage, common, met, room, *found)

        in_threads(of, events.items)
        return result


def _last_liked(events: Events, history: int) -> Ragged:
    """The last distinct items of each user, `history` at most: of those of one moment the higher codes are later."""
    counts = np.bincount(events.user, minlength=events.users)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    item, lengths = np.zeros(len(events), np.int32), np.zeros(events.users, np.int64)
    room = offsets[:-1].copy(), np.zeros(events.items, np.int64)
    _gather_liked(events.user, events.item, offsets, history, *room, item, lengths)
    place = np.arange(len(item)) - np.repeat(offsets[:-1], counts)
    return Ragged.from_lengths(item[place < np.repeat(lengths, counts)], lengths)


@kernel(writes=4)
def _gather_liked(
    user: Int32s, item: Int32s, users: Int64s, history: int, end: Int64s, seen: Int64s, liked: Int32s, lengths: Int64s
) -> None:
    """Puts the items of each user together, and keeps the last distinct ones at the front.

    Args:
        user: of each event, in order of time.
        item: of each event.
        users: where the events of each user begin, `[users + 1]`.
        history: most that are kept.
        end: a copy of where they begin, `[users]`.
        seen: zeros, `[items]`.
        liked: zeros, `[events]`.
        lengths: zeros, `[users]`.
    """
    for event in range(len(user)):
        liked[end[user[event]]] = item[event]
        end[user[event]] += 1
    for one in range(len(lengths)):
        start, kept = users[one], 0
        mine = liked[start : users[one + 1]].copy()
        for place in range(len(mine) - 1, -1, -1):
            if kept < history and seen[mine[place]] != one + 1:
                seen[mine[place]] = one + 1
                liked[start + kept] = mine[place]
                kept += 1
        lengths[one] = kept


@kernel(writes=5, beside=True)
def _nearest(
    start: int,
    users: Int64s,
    liked: Int32s,
    items: Int64s,
    likers: Int32s,
    norm: Float32s,
    shrinkage: float,
    common: Int32s,
    met: Int32s,
    cosine: Float32s,
    best: Int32Matrix,
    similarity: Float32Matrix,
) -> None:
    """The most similar items of some items; of equally similar ones those of lower codes.

    Costs the square of each user's history, added up, and not that of the catalogue.

    Args:
        start: the first of the items.
        users: where the items of each user begin, `[users + 1]`.
        liked: items by user.
        items: where the users of each item begin, `[items + 1]`.
        likers: users by item.
        norm: root of how many liked each item; 0 for items that nobody's list holds here.
        shrinkage: added to the product of two norms.
        common: zeros, `[items]`; room to count in, as the next two.
        met: `[items]`.
        cosine: `[items]`.
        best: zeros, `[some items, size]`.
        similarity: zeros, `[some items, size]`.
    """
    for row in range(len(best)):
        item = start + row
        if norm[item] == 0:
            continue
        size = 0
        for place in range(items[item], items[item + 1]):
            user = likers[place]
            for other_place in range(users[user], users[user + 1]):
                other = liked[other_place]
                count = common[other]
                if count == 0:
                    met[size] = other
                    size += 1
                common[other] = count + 1
        common[item] = 0
        others = 0
        for number in range(size):
            other = met[number]
            if other != item:
                met[others] = other
                product = norm[item] * norm[other] + np.float32(shrinkage)
                cosine[others] = np.float32(common[other]) / product
                common[other] = 0
                others += 1
        size = others
        kept = min(size, best.shape[1])
        if kept == 0:
            continue
        values = cosine[:size]
        least = np.partition(values, size - kept)[size - kept]
        near = np.flatnonzero(values >= least)
        near = near[np.argsort(met[:size][near])]
        near = near[np.argsort(-values[near], kind="mergesort")]
        for place in range(kept):
            best[row, place], similarity[row, place] = met[near[place]], values[near[place]]
