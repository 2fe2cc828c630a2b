from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.evaluation.filled_lists import Filler, filled_lists
from ops_gpu.interactions.histories import Histories
from ops_gpu.primitives.ragged import Ragged

ITEMS = 9
CODES = st.lists(st.integers(0, ITEMS - 1), unique=True)
ROWS = st.lists(st.tuples(CODES, CODES), max_size=5)


def histories(items: Ragged) -> Histories:
    many = len(items.values)
    return Histories(items, np.ones(many, np.float32), np.zeros(many, np.int64), np.ones(many, np.float32))


def ragged(rows: list[list[int]]) -> Ragged:
    return Ragged.from_lengths(np.array([c for row in rows for c in row], np.int32), np.array([*map(len, rows)], int))


@pytest.mark.parametrize("excluded", [False, True])
@given(rows=ROWS, k=st.integers(1, ITEMS + 2), data=st.data())
def test_lists_are_those_of_all_items_by_score(
    excluded: bool, rows: list[tuple[list[int], list[int]]], k: int, data: st.DataObject
) -> None:
    few = st.sampled_from([-1.0, -0.25, 0.0, 0.25, 0.5, 1.0])  # ties, and scores below those of what is not given
    filler = np.abs(np.array(data.draw(st.lists(few, min_size=ITEMS, max_size=ITEMS))))
    offered = np.array(data.draw(st.lists(st.booleans(), min_size=ITEMS, max_size=ITEMS)))
    given, gone = ragged([row[0] for row in rows]), ragged([row[1] for row in rows])
    scores = np.array(data.draw(st.lists(few, min_size=len(given.values), max_size=len(given.values))), np.float32)
    found = filled_lists(given, scores, Filler.of(filler, offered), k, histories(gone) if excluded else None)
    for row, (mine, without) in enumerate(rows):
        total = filler.copy()
        total[mine] += scores[given.offsets[row] : given.offsets[row + 1]]
        left = [c for c in range(ITEMS) if offered[c] and not (excluded and c in without)]
        best = sorted(left, key=lambda c: (-total[c], c))[:k]
        assert found[row].tolist() == best + [0] * (k - len(best))
