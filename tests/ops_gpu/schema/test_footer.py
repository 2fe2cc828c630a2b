from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.contract import contract_breaches
from ops_gpu.schema.footer import footer_notes, said_by_footer
from ops_gpu.schema.schema import Schema

WANTED = Schema([ColumnSchema.from_polars("id", pl.Int64()), ColumnSchema.from_polars("label", pl.Boolean())])
GOOD = pl.DataFrame({"id": [1, 2, 3], "label": [True, False, True], "more": [None, 1.0, 2.0]})
WRONG: dict[str, pl.DataFrame] = {
    "a column is missing": GOOD.drop("label"),
    "another type": GOOD.with_columns(pl.col("id").cast(pl.String)),
    "a null": GOOD.with_columns(label=pl.Series([True, None, True])),
    "nulls alone": GOOD.with_columns(label=pl.lit(None, pl.Boolean)),
    "a number that may be none": GOOD.with_columns(pl.col("id").cast(pl.Float64)),
    "a null beside a field of the same name": pl.DataFrame(
        {"context": [{"id": 1, "label": True}], "id": pl.Series([None], dtype=pl.Int64), "label": [True]}
    ),
    "lists": GOOD.with_columns(id=pl.concat_list("id")),
}


def test_what_keeps_the_contract_is_told_by_the_footer_alone(tmp_path: Path) -> None:
    GOOD.write_parquet(tmp_path / "good.parquet", row_group_size=1)
    assert said_by_footer(tmp_path / "good.parquet", WANTED)
    GOOD.head(0).write_parquet(tmp_path / "empty.parquet")
    assert said_by_footer(tmp_path / "empty.parquet", WANTED)


@pytest.mark.parametrize("what", list(WRONG))
def test_what_breaks_it_is_not(tmp_path: Path, what: str) -> None:
    WRONG[what].write_parquet(tmp_path / "wrong.parquet")
    assert not said_by_footer(tmp_path / "wrong.parquet", WANTED)


def test_a_file_that_counts_no_nulls_is_to_be_read(tmp_path: Path) -> None:
    pq.write_table(GOOD.to_arrow(), tmp_path / "file.parquet", write_statistics=False)
    assert not said_by_footer(tmp_path / "file.parquet", WANTED)


def test_values_and_lists_are_to_be_read(tmp_path: Path) -> None:
    GOOD.write_parquet(tmp_path / "file.parquet")
    assert not said_by_footer(tmp_path / "file.parquet", Schema([ColumnSchema("id", "int64", domain=Domain(0, 9))]))
    assert not said_by_footer(tmp_path / "file.parquet", Schema([ColumnSchema("id", "int64", is_list=True)]))


def test_notes_are_read_once_and_again_where_the_file_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "day.parquet"
    GOOD.write_parquet(path, metadata={"content": "x"})
    assert footer_notes(path)["content"] == "x"
    with monkeypatch.context() as unread:
        unread.setattr(pq, "read_metadata", lambda _: pytest.fail("read again"))
        assert footer_notes(path)["content"] == "x"
    GOOD.write_parquet(path, metadata={"content": "y"})
    assert footer_notes(path)["content"] == "y"
    path.unlink()
    with pytest.raises(FileNotFoundError):
        footer_notes(path)


VALUES: dict[str, Any] = {
    "int": st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=1, max_size=5),
    "text": st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=5),
}


@given(ids=st.one_of(*VALUES.values()), text=st.booleans())
def test_it_never_says_yes_to_what_a_reading_refuses(
    tmp_path_factory: pytest.TempPathFactory, ids: list[Any], text: bool
) -> None:
    path = tmp_path_factory.mktemp("footer") / "file.parquet"
    pl.DataFrame({"id": ids}).write_parquet(path)
    schema = Schema([ColumnSchema.from_polars("id", pl.String() if text else pl.Int64())])
    if said_by_footer(path, schema):
        assert contract_breaches(pl.scan_parquet(path), schema, schema.names) == []
    else:
        assert contract_breaches(pl.scan_parquet(path), schema, schema.names) != []
