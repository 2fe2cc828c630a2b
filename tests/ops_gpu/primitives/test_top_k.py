from __future__ import annotations

from math import inf, isnan, nan

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.primitives.tie_order import tie_order
from ops_gpu.primitives.top_k import top_k

SCORES = st.sampled_from([nan, -nan, inf, -inf, 0.0, -0.0, 1.5, -1.5, 1e-45, -1e-45, 3e38])
ROWS = st.lists(st.lists(st.tuples(st.integers(-1, 40), SCORES), max_size=12, unique_by=lambda e: e[0]), max_size=4)


@given(ROWS, st.integers(0, 14))
def test_by_falling_score_then_in_tie_order(rows: list[list[tuple[int, float]]], size: int) -> None:
    items = Ragged.from_lists([[item for item, _ in row] for row in rows], np.int32)
    score = np.array([score for row in rows for _, score in row], np.float32)
    found, scores = top_k(items, score, size)
    for number, row in enumerate(rows):
        # -1 is told apart from codes by standing behind them
        tie = {item: int(place) for (item, _), place in zip(row, tie_order(items[number]), strict=True)}
        ranked = sorted(row, key=lambda e: (isnan(e[1]), 0.0 if isnan(e[1]) else -e[1], tie[e[0]]))[:size]
        assert found[number].tolist() == [item for item, _ in ranked]
        expected = np.array([score for _, score in ranked], np.float32)
        np.testing.assert_array_equal(found.with_values(scores)[number], expected)
