from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.operators.base.list_expressions import map_elements, on_elements

LISTS = st.lists(st.one_of(st.none(), st.lists(st.one_of(st.none(), st.integers(-9, 9)), max_size=4)), max_size=8)


@given(LISTS, st.integers(0, 8))
def test_rows_keep_their_lengths(lists: list[list[int | None] | None], start: int) -> None:
    column = pl.Series("x", lists, pl.List(pl.Int64))[start:]
    found = map_elements(column, lambda values: values.cast(pl.Int32) + 1)
    expected = [[None if v is None else v + 1 for v in row or []] for row in lists[start:]]
    assert found.to_list() == expected
    assert found.dtype == pl.List(pl.Int32)


@given(LISTS)
def test_expressions_do_the_same(lists: list[list[int | None] | None]) -> None:
    column = pl.Series("x", lists, pl.List(pl.Int64))
    expr = on_elements(lambda value: value.cast(pl.Int32) + 1, pl.col("x"), column.dtype)
    assert (
        column.to_frame()
        .select(expr)
        .to_series()
        .equals(map_elements(column, lambda values: values.cast(pl.Int32) + 1), null_equal=True)
    )
