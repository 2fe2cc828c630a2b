from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.candidates.unseen import contained, first_unseen
from ops_gpu.primitives.ragged import Ragged

CODES = st.lists(st.integers(-1, 12), max_size=8)
ROWS = st.lists(st.tuples(CODES, CODES), max_size=5)


def pair(rows: list[tuple[list[int], list[int]]]) -> tuple[Ragged, Ragged]:
    return tuple(Ragged.from_lists([row[n] for row in rows], np.int32) for n in range(2))  # type: ignore[return-value]


@given(ROWS)
def test_contained_is_membership(rows: list[tuple[list[int], list[int]]]) -> None:
    expected = [value in others for values, others in rows for value in values]
    assert contained(*pair(rows)).tolist() == expected


@given(ROWS, st.integers(0, 9))
def test_the_first_ones_that_were_not_seen(rows: list[tuple[list[int], list[int]]], size: int) -> None:
    lists, seen = pair(rows)
    for known, left in ((seen, [others for _, others in rows]), (None, [[] for _ in rows])):
        places = first_unseen(lists, known, size)
        found = places.with_values(lists.values[places.values])
        for row, (values, _) in enumerate(rows):
            expected = [code for code in values if code >= 0 and code not in left[row]][:size]
            assert found[row].tolist() == expected
