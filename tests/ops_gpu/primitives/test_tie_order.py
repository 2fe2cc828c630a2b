from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.primitives.tie_order import FIRST, FIRST_BACK, LAST, MASK, SECOND, SECOND_BACK, tie_order
from ops_gpu.primitives.top_k import top_k


def test_every_code_has_a_place_of_its_own() -> None:
    assert FIRST * FIRST_BACK & MASK == SECOND * SECOND_BACK & MASK == 1
    codes = np.concatenate([np.arange(200_000), np.arange(2**31 - 1_000, 2**31)])
    places = tie_order(codes)
    assert len(np.unique(places)) == len(codes)
    assert places.max() <= MASK < LAST
    assert tie_order(np.array([-1, -7])).tolist() == [LAST, LAST]


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=30, unique=True))
def test_lists_of_equal_scores_stand_in_it(codes: list[int]) -> None:
    items = Ragged.from_lists([codes], np.int32)
    found, _ = top_k(items, np.zeros(len(codes), np.float32), len(codes))
    assert found.values.tolist() == sorted(codes, key=lambda code: int(tie_order(np.array([code]))[0]))


@pytest.mark.parametrize("items", [30, 50, 100, 200, 500, 1_000, 3_000, 10_000, 200_000])
def test_it_has_nothing_to_do_with_the_order_of_codes(items: int) -> None:
    order = np.argsort(tie_order(np.arange(3, items + 3)))
    for first in (5, 10, 20):
        share = order[:first].mean() / (items - 1)  # of chance, within 2.5 standard errors
        assert abs(share - 0.5) < 2.5 / (12 * first) ** 0.5 if first * 2 <= items else True
    if items >= 1_000:
        assert abs(np.corrcoef(order, np.arange(items))[0, 1]) < 0.1
