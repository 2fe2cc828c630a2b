from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feature_repo.offline.id_range import IdRange, id_ranges

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


@pytest.mark.parametrize("number", [0, 1, 2])
def test_of_a_file_the_row_groups_of_a_range_alone_are_read(number: int, tmp_path: Path) -> None:
    path, frame = tmp_path / "rows.parquet", pl.DataFrame({"id": range(30), "value": range(30)})
    frame.write_parquet(path, row_group_size=10, compression="uncompressed")
    groups, data = pq.read_metadata(path), bytearray(path.read_bytes())
    for other in {0, 1, 2} - {number}:
        for column in map(groups.row_group(other).column, range(2)):
            start = column.dictionary_page_offset or column.data_page_offset
            data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(data)
    mine = [IdRange(None, 10), IdRange(10, 20), IdRange(20, None)][number]
    found = pl.scan_parquet(path, glob=False).filter(mine.holds("id")).collect()
    assert found.equals(frame[10 * number : 10 * number + 10])
    with pytest.raises(pl.exceptions.PolarsError):
        pl.read_parquet(path, glob=False)
