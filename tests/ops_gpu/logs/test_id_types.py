from __future__ import annotations

from datetime import date, datetime
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
    decide_id_types,
    read_interactions,
)


def the_log(**settings: Any) -> InteractionLog:
    return InteractionLog(LogSource("log.csv"), user="u", item="i", time="t", **settings)


@pytest.fixture
def place(tmp_path: Path) -> LogPlace:
    (tmp_path / "log.csv").write_text("u,i,t,n\n1,10,1,1\n2,011,1,1\nx,12,1,0\n")
    (tmp_path / "users.csv").write_text("id\n1\n2\n")
    (tmp_path / "strange.csv").write_text("id\nu1\n")
    return LogPlace(tmp_path)


def test_every_file_votes(place: LogPlace) -> None:
    assert decide_id_types(the_log(filters="n > 0"), place) == IdTypes("integer", "string")
    users = EntityTable(LogSource("strange.csv"), id="id")
    assert decide_id_types(the_log(filters="n > 0"), place, users=users).user == "string"


def test_rows_that_are_filtered_do_not_vote(place: LogPlace) -> None:
    assert decide_id_types(the_log(), place).user == "string"


def test_what_is_declared_holds(place: LogPlace) -> None:
    log = the_log(user_id_type="integer", item_id_type="string")
    assert decide_id_types(log, LogPlace(Path("nowhere"))) == IdTypes("integer", "string")


def test_tables_that_contradict_the_log_are_told(place: LogPlace) -> None:
    pl.DataFrame({"id": [1, 2]}).write_parquet(Path(place.base) / "users.parquet")
    users = EntityTable(LogSource("users.parquet"), id="id")
    with pytest.raises(LogError, match=r"users\.parquet' holds user ids as integers, but .*log\.csv' holds 'x'"):
        decide_id_types(the_log(), place, users=users)


def test_a_file_that_cannot_be_read_has_no_vote(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("u,i,t\n1,2,2024-01-01\n")
    (tmp_path / "b.csv").write_text("something else\n")
    log = InteractionLog(LogSource("*.csv"), "u", "i", "t")
    assert decide_id_types(log, LogPlace(tmp_path)) == IdTypes("integer", "integer")
    (tmp_path / "a.csv").unlink()
    with pytest.raises(LogError, match=r"b\.csv' has no column 'u'"):
        decide_id_types(log, LogPlace(tmp_path))


def ids_log(folder: Path, *columns: pl.Series) -> tuple[InteractionLog, LogPlace]:
    """A log of one file a day, each with one of these columns of user ids."""
    (folder / "log").mkdir()
    for day, values in enumerate(columns, 1):
        times = [datetime(2024, 1, day, hour % 24) for hour in range(len(values))]
        frame = pl.DataFrame({"u": values, "i": range(len(values)), "t": times}, strict=False)
        frame.write_parquet(folder / f"log/2024-01-{day:02d}.parquet")
    return InteractionLog(LogSource("log"), "u", "i", "t"), LogPlace(folder)


INTEGERS = pl.Series([1, 2, 3])
ODD = {
    "object": (pl.Series([{"x": 1}] * 3), "holds objects in the column 'u'"),
    "list": (pl.Series([[1]] * 3), "holds lists in the column 'u'"),
    "fractions": (pl.Series([0.5] * 3), "no usable row"),
    "truth": (pl.Series([True] * 3), "no usable row"),
    "dates": (pl.Series([date(2024, 1, 1)] * 3), "no usable row"),
    "text": (pl.Series(["a", "b", "c"]), "no usable row"),
}


@pytest.mark.parametrize(("odd", "message"), ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("at", [0, 1, 2], ids=["first", "middle", "last"])
def test_a_file_with_other_ids_than_most_fails_its_own_day(
    tmp_path: Path, odd: pl.Series, message: str, at: int
) -> None:
    columns = [INTEGERS] * 2
    columns.insert(at, odd)
    log, place = ids_log(tmp_path, *columns)
    ids = decide_id_types(log, place)
    assert ids.user == "integer"
    for day in range(3):
        if day != at:
            frame = read_interactions(log, place, ids, [date(2024, 1, day + 1)]).frame
            assert frame["user_id"].to_list() == [1, 2, 3]
    with pytest.raises(LogError, match=rf"2024-01-0{at + 1}\.parquet' .*{message}|2024-01-0{at + 1}.* {message}"):
        read_interactions(log, place, ids, [date(2024, 1, at + 1)])


def test_a_log_of_odd_ids_alone_is_told(tmp_path: Path) -> None:
    log, place = ids_log(tmp_path, ODD["object"][0], ODD["object"][0])
    with pytest.raises(LogError, match=r"2024-01-01\.parquet' holds objects in the column 'u'"):
        decide_id_types(log, place)


def test_whole_numbers_among_integers_are_integers(tmp_path: Path) -> None:
    log, place = ids_log(tmp_path, INTEGERS, pl.Series([4.0, None, 5.0]))
    ids = decide_id_types(log, place)
    result = read_interactions(log, place, ids)
    assert result.frame["user_id"].to_list() == [1, 2, 3, 4, 5]
    assert result.report.dropped == {"null_user": 1}


def test_whole_numbers_alone_are_told(tmp_path: Path) -> None:
    log, place = ids_log(tmp_path, pl.Series([4.0, None, 5.0]))
    with pytest.raises(LogError, match="say user_id_type: integer"):
        decide_id_types(log, place)


def test_as_many_of_each_and_unclear_ones_are_told(tmp_path: Path) -> None:
    log, place = ids_log(tmp_path, INTEGERS, ODD["text"][0])
    with pytest.raises(LogError, match="user_id_type: string"):
        decide_id_types(log, place)
    pl.read_parquet(tmp_path / "log/2024-01-01.parquet").write_parquet(tmp_path / "log/2024-01-03.parquet")
    assert decide_id_types(log, place).user == "integer"
    ids_log(tmp_path / "log", INTEGERS, INTEGERS, pl.Series(["01", "b", "c"]))
    with pytest.raises(LogError, match="'01'; expected one type everywhere"):
        decide_id_types(InteractionLog(LogSource("log/log"), "u", "i", "t"), place)


def test_most_files_of_text_decide_too(tmp_path: Path) -> None:
    log, place = ids_log(tmp_path, ODD["text"][0], INTEGERS, ODD["text"][0], pl.Series([1.0, None]))
    ids = decide_id_types(log, place)
    assert ids.user == "string"
    with pytest.raises(LogError, match=r"2024-01-04\.parquet' holds user ids of the type Float64"):
        read_interactions(log, place, ids, [date(2024, 1, 4)])
    assert read_interactions(log, place, ids, [date(2024, 1, 3)]).frame["user_id"].to_list() == ["a", "b", "c"]
    assert read_interactions(log, place, ids, [date(2024, 1, 2)]).frame["user_id"].to_list() == ["1", "2", "3"]


@pytest.mark.parametrize("unclear", ["01", "1.0", "+1"])
def test_integers_beside_texts_that_may_be_the_same_are_told(tmp_path: Path, unclear: str) -> None:
    log, place = ids_log(tmp_path, pl.Series([unclear, "x"]), INTEGERS, pl.Series(["a", "b"]))
    with pytest.raises(LogError, match="expected one type everywhere"):
        decide_id_types(log, place)
