from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feature_repo.id_range import IdRange, id_ranges

IDS = st.one_of(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True), st.lists(st.text("ab\x00é"), unique=True))


@given(ids=IDS, at_once=st.integers(1, 9), data=st.data())
def test_every_id_lies_in_one_range(ids: list[object], at_once: int, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(1, 5), min_size=len(ids), max_size=len(ids)))
    sizes = pl.DataFrame({"id": pl.Series(ids, dtype=pl.String if str in map(type, ids) else pl.Int64), "rows": rows})
    ranges = id_ranges(sizes, "id", at_once)
    parts = [sizes.filter(one.holds("id")) for one in ranges]
    assert sorted(pl.concat(parts).rows()) == sorted(sizes.rows())
    bounds = [part["id"].sort() for part in parts if part.height]
    assert all(one[-1] < two[0] for one, two in pairwise(bounds))
    assert len(ranges) <= sum(rows) // at_once + 1
    assert all(part["rows"].sum() - part["rows"].max() < at_once for part in parts if part.height > 1)
    assert [one.of(sizes["id"]).len() for one in ranges] == [part.height for part in parts]


def test_a_row_without_an_id_is_in_the_first_range() -> None:
    frame = pl.DataFrame({"id": [1, None, 3]})
    first, second = id_ranges(pl.DataFrame({"id": [1, 3], "rows": [1, 1]}), "id", 1)
    assert frame.filter(first.holds("id"))["id"].to_list() == [1, None]
    assert frame.filter(second.holds("id"))["id"].to_list() == [3]


def test_of_nothing_there_is_one_range() -> None:
    assert id_ranges(pl.DataFrame({"id": pl.Series([], dtype=pl.Int64), "rows": []}), "id", 5) == [IdRange()]


@pytest.mark.parametrize("at_once", [1, 3])
def test_an_entity_is_never_cut(at_once: int) -> None:
    sizes = pl.DataFrame({"id": ["a", "b"], "rows": [100, 1]})
    assert len(id_ranges(sizes, "id", at_once)) == 2
