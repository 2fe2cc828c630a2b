from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.candidates.exact_order import in_order
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.primitives.tie_order import tie_order


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 12))
def test_best_products_first_and_equal_ones_in_tie_order(seed: int, dimension: int, size: int) -> None:
    """Vectors of few values tie often, those of one label and those of several."""
    random = np.random.default_rng(seed)
    labels, queries = 8, random.integers(-1, 2, (3, dimension)).astype(np.float32)
    vectors = random.integers(-1, 2, (labels, dimension)).astype(np.float32)
    codes = random.permutation(40).astype(np.int32)
    rows = Ragged.from_lengths(codes[:24], random.multinomial(24 - labels, np.ones(labels) / labels) + 1)
    place = dict(enumerate(tie_order(np.arange(40)).tolist()))
    items = rows.with_values(
        np.concatenate([sorted(rows[row].tolist(), key=place.__getitem__) for row in range(labels)]).astype(np.int32)
    )
    found = np.array([random.permutation(labels) for _ in queries])
    found = np.pad(found, ((0, 0), (0, 12)), constant_values=-1)[:, :size].copy()
    got, scores = in_order(queries, vectors, found, found, items)
    for row, query in enumerate(queries):
        every = [
            (-float(query @ vectors[label]), int(code)) for label in found[row] if label >= 0 for code in items[label]
        ]
        best = sorted(every, key=lambda pair: (pair[0], place[pair[1]]))[:size]
        lacking = size - len(best)
        assert got[row].tolist() == [code for _, code in best] + [-1] * lacking
        assert scores[row].tolist() == [-product for product, _ in best] + [-np.inf] * lacking


def test_nothing() -> None:
    none = np.empty((0, 4), np.int64)
    codes, scores = in_order(
        np.empty((0, 2), np.float32), np.ones((1, 2), np.float32), none, none, Ragged.from_lists([[3]], np.int32)
    )
    assert codes.shape == scores.shape == (0, 4)
