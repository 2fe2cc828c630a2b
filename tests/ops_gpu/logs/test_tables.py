from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ops_gpu.logs import (
    EntityTable,
    IdTypes,
    InteractionLog,
    LogError,
    LogPlace,
    LogSource,
    read_items,
    read_users,
)

IDS = IdTypes("integer", "string")
LOG = InteractionLog(LogSource("log.csv"), user="u", item="i", time="t", filters="q > 0")


@pytest.fixture
def place(tmp_path: Path) -> LogPlace:
    (tmp_path / "log.csv").write_text(
        "u,i,t,q,name,country,price\n"
        "1,a,2020-01-01,1,Lamp,FR,2\n2,a,2020-01-01,1,LAMP,DE,4\n1,a,2020-01-02,1,Lamp,FR,2.5\n"
        "1,c,2020-01-03,1,Cup,IT,1\n3,z,2020-01-03,0,gone,XX,1\n"
    )
    (tmp_path / "items.csv").write_text(
        "id,title,genres,stock,year\na,Alpha,x|y,3,1999\nb,Beta,,0,?\na,Again,z,9,1\n,none,,1,1\n"
    )
    return LogPlace(tmp_path)


def items(**settings: Any) -> EntityTable:
    return EntityTable(
        LogSource("items.csv"),
        id="id",
        title="title",
        **{"lists": ["genres"], "continuous": ["year"], **settings},
    )


def test_items_from_their_own_file(place: LogPlace) -> None:
    result = read_items(items(available="stock > 0"), LOG, place, IDS)
    assert result.frame.rows() == [
        ("a", "Alpha", True, 1999.0, ["x", "y"]),
        ("b", "Beta", False, None, []),
        ("c", None, False, None, []),
    ]
    report = result.report
    assert (report.rows_read, report.rows_kept, report.duplicates, report.added) == (4, 3, 1, 1)
    assert (report.dropped, report.unreadable_values) == ({"null_id": 1}, {"year": 1})


def test_unlisted_items_are_available_where_nothing_else_is_said(place: LogPlace) -> None:
    frame = read_items(items(), LOG, place, IDS).frame
    assert frame["available"].to_list() == [True, True, True]


def test_items_and_users_derived_from_the_interactions(place: LogPlace) -> None:
    frame = read_items(EntityTable(title="name", continuous=["price"]), LOG, place, IDS).frame
    assert frame.rows() == [("a", "Lamp", True, 2.0), ("c", "Cup", True, 1.0)]
    users = read_users(EntityTable(categorical=["country"]), LOG, place, IDS).frame
    assert users.rows() == [(1, "FR"), (2, "DE")]


def test_without_any_table_there_are_ids(place: LogPlace) -> None:
    assert read_users(None, LOG, place, IDS).frame.rows() == [(1,), (2,)]
    assert read_items(None, LOG, place, IDS).frame.rows() == [("a", None, True), ("c", None, True)]


def test_nothing_later_leaks_into_the_state_of_a_day(place: LogPlace) -> None:
    derived = read_items(EntityTable(title="name", continuous=["price"]), LOG, place, IDS, before=date(2020, 1, 2))
    assert derived.frame.rows() == [("a", "LAMP", True, 2.0)]
    assert read_items(items(), LOG, place, IDS, before=date(2020, 1, 3)).frame["item_id"].to_list() == [
        "a",
        "b",
    ]


def test_ids_of_the_wrong_type_are_counted_and_refused_when_all_are_wrong(place: LogPlace) -> None:
    path = Path(place.base) / "users.csv"
    table = EntityTable(LogSource("users.csv"), id="id")
    path.write_text("id\n1\nx\n")
    report = read_users(table, LOG, place, IDS).report
    assert report.dropped == {"id_not_integer": 1}
    assert report.examples == {"id_not_integer": f"id = 'x' in '{path}'"}
    path.write_text("id\nx\ny\n")
    with pytest.raises(
        LogError, match=r"users\.csv' has no usable row: the column 'id' holds 'x', expected integer ids"
    ):
        read_users(table, LOG, place, IDS)
    path.write_text("id\n\n\n")
    with pytest.raises(LogError, match="holds only nulls"):
        read_users(table, LOG, place, IDS)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"source": LogSource("u.csv")}, "the table 'u.csv' has no id"),
        ({"lists": ["genres"]}, "derived from the interactions and has no lists"),
        ({"categorical": ["item_id"]}, "has the name of a column that we build"),
        (
            {"source": LogSource("u.csv"), "id": "id", "available": "stock >"},
            "available 'stock >' is not an SQL",
        ),
        ({"source": LogSource("u.csv"), "id": "id", "list_separator": ""}, "list_separator is empty"),
    ],
)
def test_wrong_settings(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(LogError, match=said):
        EntityTable(**settings)


def test_typed_tables_keep_lists_and_truth_values(place: LogPlace) -> None:
    frame = pl.DataFrame({"id": ["a"], "tags": [[3, 4]], "live": [False], "kind": [7]})
    frame.write_parquet(Path(place.base) / "items.parquet")
    table = EntityTable(LogSource("items.parquet"), id="id", lists=["tags"], available="live", categorical=["kind"])
    result = read_items(table, LOG, place, IDS).frame
    assert result.schema["tags"] == pl.List(pl.Int64)
    assert result.rows() == [("a", None, False, 7, [3, 4]), ("c", None, False, None, [])]


def test_a_log_file_that_cannot_be_read_is_passed_over_and_reported(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("u,i,t\n1,a,2020-01-01\n")
    (tmp_path / "b.csv").write_text("u;i;t\n2;b;2020-01-02\n")
    log, place = InteractionLog(LogSource("[ab].csv"), user="u", item="i", time="t"), LogPlace(tmp_path)
    result = read_items(None, log, place, IDS)
    assert result.frame["item_id"].to_list() == ["a"]
    assert list(result.report.unread_files) == [str(tmp_path / "b.csv")]
    assert "has no column 'u'" in result.report.unread_files[str(tmp_path / "b.csv")]
    (tmp_path / "a.csv").write_text("u;i;t\n1;a;2020-01-01\n")
    with pytest.raises(LogError, match=r"a\.csv' has no column 'u'"):
        read_items(None, log, place, IDS)


def test_a_column_that_only_the_table_needs_fails_the_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("u,i,t,kind\n1,a,2020-01-01,x\n")
    (tmp_path / "b.csv").write_text("u,i,t\n2,b,2020-01-02\n")
    log = InteractionLog(LogSource("[ab].csv"), user="u", item="i", time="t")
    with pytest.raises(LogError, match=r"b\.csv' has no column 'kind'"):
        read_items(EntityTable(categorical=["kind"]), log, LogPlace(tmp_path), IDS)


def test_a_column_that_is_empty_in_one_file_keeps_its_type(tmp_path: Path) -> None:
    pl.DataFrame({"id": ["a"], "kind": [7], "tags": [[1]]}).write_parquet(tmp_path / "1.parquet")
    nothing = {"kind": pl.Series([None]), "tags": pl.Series([[]], dtype=pl.List(pl.String))}
    pl.DataFrame({"id": ["b"], **nothing}).write_parquet(tmp_path / "2.parquet")
    (tmp_path / "log.csv").write_text("u,i,t\n1,a,2020-01-01\n")
    log = InteractionLog(LogSource("log.csv"), user="u", item="i", time="t")
    table = EntityTable(LogSource("*.parquet"), id="id", categorical=["kind"], lists=["tags"])
    frame = read_items(table, log, LogPlace(tmp_path), IDS).frame
    assert (frame.schema["kind"], frame.schema["tags"]) == (pl.Int64, pl.List(pl.Int64))
    assert frame["kind"].to_list() == [7, None]


@pytest.mark.parametrize("values", [[["x"]], [{"x": 1}]], ids=["list", "object"])
def test_a_derived_feature_of_lists_in_one_file_names_that_file(tmp_path: Path, values: list[object]) -> None:
    (tmp_path / "log").mkdir()
    for day, value in ((1, ["a"]), (2, values), (3, ["b"])):
        frame = pl.DataFrame({"u": [1], "i": ["x"], "t": [f"2024-01-0{day}"], "c": value})
        frame.write_parquet(tmp_path / f"log/{day}.parquet")
    log = InteractionLog(LogSource("log"), user="u", item="i", time="t")
    with pytest.raises(LogError, match=r"log/2\.parquet' holds (lists|objects) in the column 'c'"):
        read_items(EntityTable(categorical=["c"]), log, LogPlace(tmp_path), IDS)


@pytest.mark.parametrize("derived", [True, False], ids=["derived", "of its own"])
def test_integers_beside_a_missing_one_are_the_same_in_every_file(tmp_path: Path, derived: bool) -> None:
    (tmp_path / "log").mkdir()
    columns = {"c": ([1, 2, 3], [1.0, None, 3.0]), "x": ([1, 2, 3], [1.5, None, 3.0])}
    for file in (0, 1):
        ids = [f"{'ab'[file]}{n}" for n in range(3)]
        frame = pl.DataFrame({"u": [1, 2, 3], "i": ids, "t": ["2024-01-01"] * 3})
        frame = frame.with_columns(pl.Series(name, found[file]) for name, found in columns.items())
        frame.with_columns(l=pl.col("c").reshape((-1, 1)).arr.to_list()).write_parquet(tmp_path / f"log/{file}.parquet")
    log = InteractionLog(LogSource("log"), user="u", item="i", time="t")
    table = EntityTable(categorical=["c", "x"])
    if not derived:
        table = EntityTable(LogSource("log"), id="i", categorical=["c", "x"], lists=["l"])
    frame = read_items(table, log, LogPlace(tmp_path), IDS).frame
    assert frame["c"].to_list() == [1, 2, 3, 1, None, 3]
    assert frame["x"].to_list() == ["1", "2", "3", "1.5", None, "3"]
    if not derived:
        assert frame["l"].to_list() == [[1], [2], [3], [1], [], [3]]
