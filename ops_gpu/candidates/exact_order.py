"""From what Faiss found to items in an order that is settled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.kernel import Float32Matrix, Int32Matrix, Int32s, Int64Matrix, Int64s, kernel
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.primitives.tie_order import FIRST, MASK, SECOND, SHIFT
from ops_gpu.primitives.top_k import top_k

Floats = npt.NDArray[np.float32]


def in_order(
    queries: Floats, vectors: Floats, labels: npt.NDArray[np.int64], places: npt.NDArray[np.int64], items: Ragged
) -> tuple[npt.NDArray[np.int32], Floats]:
    """The items of labels: those of the largest product first, equally good ones as in `tie_order`.

    Faiss rounds the product with one and the same vector differently from place to place and from batch to batch. So
    the products are made anew here, one by one, and the order follows from them.

    Args:
        queries: float32 `[queries, dimension]`.
        vectors: float32 `[n, dimension]`.
        labels: int64 `[queries, size]`, what was found; -1 is nothing, and stands behind.
        places: int64, likewise: where the vector of each label lies among `vectors`.
        items: int32 codes, within a row as in `tie_order`; a row a label.

    Returns:
        Codes int32 `[queries, size]`, -1 where there are fewer, and inner products float32.
    """
    size = labels.shape[1]
    codes, scores = np.empty(labels.shape, np.int32), np.empty(labels.shape, np.float32)
    if labels.size == 0:
        return codes, scores
    _products(queries, vectors, labels, places, scores)
    lists = Ragged(labels.ravel().astype(np.int32), np.arange(len(labels) + 1, dtype=np.int64) * size)
    best, products = top_k(lists, scores.ravel(), size)
    _items(
        best.values.reshape(labels.shape), products.reshape(labels.shape), items.offsets, items.values, codes, scores
    )
    return codes, scores


@kernel(writes=1)
def _products(
    queries: Float32Matrix, vectors: Float32Matrix, labels: Int64Matrix, places: Int64Matrix, products: Float32Matrix
) -> None:
    """In two sums, of even and of odd columns, which a processor adds up at the same time."""
    dimension = vectors.shape[1]
    for query in range(len(labels)):
        for at in range(labels.shape[1]):
            if labels[query, at] < 0:
                products[query, at] = -np.inf
                continue
            place, even, odd = places[query, at], np.float32(0), np.float32(0)
            for column in range(0, dimension - 1, 2):
                even += queries[query, column] * vectors[place, column]
                odd += queries[query, column + 1] * vectors[place, column + 1]
            if dimension % 2:
                even += queries[query, dimension - 1] * vectors[place, dimension - 1]
            products[query, at] = even + odd


@kernel(writes=2)
def _items(
    labels: Int32Matrix, products: Float32Matrix, rows: Int64s, items: Int32s, codes: Int32Matrix, scores: Float32Matrix
) -> None:
    """Writes the items of labels of equal products in tie order, until as many as there are labels are written."""
    size = labels.shape[1]
    for query in range(len(labels)):
        total, at = 0, 0
        while at < size and total < size and labels[query, at] >= 0:
            label, stop = labels[query, at], at + 1
            while stop < size and labels[query, stop] >= 0 and products[query, stop] == products[query, at]:
                stop += 1
            if stop == at + 1:
                fits = min(rows[label + 1] - rows[label], size - total)
                codes[query, total : total + fits] = items[rows[label] : rows[label] + fits]
            else:  # of several labels, whose items may stand between each other
                count = 0
                for place in range(at, stop):
                    count += rows[labels[query, place] + 1] - rows[labels[query, place]]
                tied, keys, filled = np.empty(count, np.int32), np.empty(count, np.uint64), 0
                for place in range(at, stop):
                    for item in range(rows[labels[query, place]], rows[labels[query, place] + 1]):
                        tie = (np.uint64(items[item]) + np.uint64(SHIFT)) & np.uint64(MASK)
                        tie = (tie * np.uint64(FIRST)) & np.uint64(MASK)
                        tie ^= tie >> np.uint64(15)
                        tie = (tie * np.uint64(SECOND)) & np.uint64(MASK)
                        keys[filled] = tie ^ (tie >> np.uint64(14))
                        tied[filled] = items[item]
                        filled += 1
                fits = min(count, size - total)
                codes[query, total : total + fits] = tied[np.argsort(keys)[:fits]]
            scores[query, total : total + fits] = products[query, at]
            total, at = total + fits, stop
        codes[query, total:] = -1
        scores[query, total:] = -np.inf
