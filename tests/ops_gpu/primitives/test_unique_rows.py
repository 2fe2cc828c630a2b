from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ops_gpu.primitives.unique_rows import distinct_rows


@given(
    arrays.arrays(
        np.float32, st.tuples(st.integers(0, 30), st.integers(1, 3)), elements=st.sampled_from([0, -0.0, 1, 2])
    )
)
def test_rows_by_content(matrix: np.ndarray) -> None:  # type: ignore[type-arg]
    expected: dict[tuple[float, ...], list[int]] = {}
    for place, row in enumerate(matrix.tolist()):
        expected.setdefault(tuple(row), []).append(place)
    found = distinct_rows(matrix)
    assert [found[row].tolist() for row in range(len(found))] == list(expected.values())


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_any_numbers_that_do_not_lie_in_a_row(dtype: type) -> None:
    matrix = np.array([[1, 2, 1], [3, 4, 3]], dtype).T
    assert not matrix.flags.c_contiguous
    found = distinct_rows(matrix)
    assert [found[row].tolist() for row in range(len(found))] == [[0, 2], [1]]
