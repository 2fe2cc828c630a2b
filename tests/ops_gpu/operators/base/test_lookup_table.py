from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ops_gpu.operators.base import lookup_table
from ops_gpu.operators.base.lookup_table import LookupTable

INTEGERS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(-3, 3))
TEXTS = st.one_of(st.none(), st.text(max_size=4))


def table_of(keys: list[pl.Series]) -> LookupTable:
    rows = pl.DataFrame(keys).unique(maintain_order=True)
    values = pl.DataFrame({"n": range(len(rows))}, {"n": pl.Int32}).with_columns(x=pl.col("n") / 7)
    return LookupTable(rows, values, [-1, float("nan")])


def check(keys: list[pl.Series], asked: list[pl.Series]) -> None:
    table = table_of(keys)
    searched = pl.DataFrame(table.take(asked))
    names = [key.name for key in asked]
    lazy = table.join(pl.DataFrame(asked).lazy(), names, searched.columns).select(searched.columns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookup_table, "SMALL", -1)
        joined = pl.DataFrame(table.take(asked))
    known = {row: n for n, row in enumerate(pl.DataFrame(keys).unique(maintain_order=True).rows())}
    expected = [known.get(row, -1) for row in pl.DataFrame(asked).rows()]
    assert searched.to_series(0).to_list() == expected
    assert_frame_equal(joined, searched, check_exact=True)
    assert_frame_equal(lazy.collect(), searched, check_exact=True)


@given(st.lists(INTEGERS, max_size=20), st.lists(INTEGERS, max_size=20))
def test_integers(keys: list[int | None], asked: list[int | None]) -> None:
    check([pl.Series("a", keys, pl.Int64)], [pl.Series("a", [*asked, *keys], pl.Int64)])


@given(st.lists(TEXTS, max_size=20), st.lists(TEXTS, max_size=20))
def test_strings(keys: list[str | None], asked: list[str | None]) -> None:
    check([pl.Series("a", keys, pl.String)], [pl.Series("a", [*asked, *keys], pl.String)])


@given(st.lists(st.tuples(INTEGERS, TEXTS), max_size=12), st.lists(st.tuples(INTEGERS, TEXTS), max_size=12))
def test_keys_of_two_parts(keys: list[tuple[int, str]], asked: list[tuple[int, str]]) -> None:
    def parts(rows: list[tuple[int, str]]) -> list[pl.Series]:
        return [
            pl.Series("a", [r[0] for r in rows], pl.Int64),
            pl.Series("b", [r[1] for r in rows], pl.String),
        ]

    check(parts(keys), parts([*asked, *keys]))


def test_dates() -> None:
    days = pl.Series("a", [date(2020, 1, 1), None, date(2021, 1, 1)])
    check([days], [pl.Series("a", [date(2021, 1, 1), date(1970, 1, 1), None])])
    times = pl.Series("a", [datetime(2020, 1, 1, 3), None])
    check([times], [times, times[:0]][:1])


def test_the_keys_of_an_empty_table_are_unknown() -> None:
    check([pl.Series("a", [], pl.Int64)], [pl.Series("a", [1, None])])
    check([pl.Series("a", [], pl.String)], [pl.Series("a", ["x"])])


def test_floats_equal_in_every_way() -> None:
    table = table_of([pl.Series("a", [0.0, 1.5, None])])
    asked = pl.Series("a", [-0.0, 0.0, float("nan"), None, 1.5, 2.0])
    assert table.take([asked])[0].to_list() == [0, 0, 2, 2, 1, -1]


def test_chunks_and_slices_do_not_matter() -> None:
    table = table_of([pl.Series("a", [5, 6, None])])
    asked = pl.concat([pl.Series("a", [9, 5, None]), pl.Series("a", [6, 6])], rechunk=False)
    assert table.take([asked[1:]])[0].to_list() == [0, 2, 1, 1]
    lists = pl.concat([pl.Series([[5], None]), pl.Series([[6, 5], []])], rechunk=False)
    assert table.take_elements(lists[1:]).to_list() == [[], [1, 0], []]
