from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops_gpu.logs import (
    IdTypes,
    InteractionLog,
    LogError,
    LogPlace,
    LogSource,
    days_of_files,
    decide_id_types,
    read_interactions,
)

IDS = IdTypes("integer", "string")
DAY1 = "user,item,time,rating\n1,a,2020-01-01 10:00:00,9\n2,b,2020-01-01 09:00:00,3\n1,b,2020-01-01 10:00:00,5\n"
DAY2 = "user,item,time,rating\n1,a,2020-01-02 08:00:00,1\n,a,2020-01-02 08:00:01,1\n"


def the_log(path: str = "*.csv", **more: Any) -> InteractionLog:
    return InteractionLog(LogSource(path), user="user", item="item", time="time", **{"label": "rating >= 5", **more})


@pytest.fixture
def place(tmp_path: Path) -> LogPlace:
    (tmp_path / "2020-01-01.csv").write_text(DAY1)
    (tmp_path / "2020-01-02.csv").write_text(DAY2)
    return LogPlace(tmp_path)


def test_canonical_rows_by_time_then_as_in_the_file(place: LogPlace) -> None:
    frame = read_interactions(the_log(continuous=["rating"]), place, IDS).frame
    assert frame.schema == {
        "user_id": pl.Int64, "item_id": pl.String, "timestamp": pl.Datetime("us"), "label": pl.Boolean,
        "rating": pl.Float64,
    }  # fmt: skip
    assert frame.select("user_id", "item_id", "label", "rating").rows() == [
        (2, "b", False, 3.0), (1, "a", True, 9.0), (1, "b", True, 5.0), (1, "a", False, 1.0)
    ]  # fmt: skip


def test_the_report_adds_up(place: LogPlace) -> None:
    report = read_interactions(the_log(filters="rating <> 3"), place, IDS).report
    assert (report.rows_read, report.rows_kept, report.filtered, report.dropped) == (
        5,
        3,
        1,
        {"null_user": 1},
    )
    assert report.unusable_share == 1 / 4
    assert report.to_dict()["unusable_share"] == 1 / 4


def test_days_open_only_their_files(place: LogPlace) -> None:
    (Path(place.base) / "2020-01-03.csv").write_text("broken")
    result = read_interactions(the_log(), place, IDS, days=[date(2020, 1, 2)])
    assert (result.report.rows_read, result.frame.height) == (2, 1)
    assert result.frame["timestamp"].dt.date().unique().to_list() == [date(2020, 1, 2)]


def test_days_within_one_file_are_cut_out(place: LogPlace) -> None:
    path = Path(place.base)
    (path / "all.csv").write_text(DAY1 + DAY2.split("\n", 1)[1])
    result = read_interactions(the_log("all.csv"), place, IDS, days=[date(2020, 1, 1)])
    assert (result.frame.height, result.report.other_days, result.report.dropped) == (3, 1, {"null_user": 1})


def test_an_empty_day_has_no_rows(place: LogPlace) -> None:
    result = read_interactions(the_log(categorical=["rating"]), place, IDS, days=[date(2020, 5, 5)])
    assert result.frame.is_empty()
    assert result.frame.columns == ["user_id", "item_id", "timestamp", "label", "rating"]
    assert result.report.unusable_share == 0


def test_what_is_known_is_not_looked_at_again(place: LogPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    known = days_of_files(the_log(), place)
    monkeypatch.setattr("ops_gpu.logs.files.reader.read_file", lambda *_: pytest.fail("opened"))
    assert read_interactions(the_log(), place, IDS, [date(2020, 1, 1)], known).frame.height == 3


def test_the_earliest_of_equal_events_counts_whatever_day_is_read(place: LogPlace) -> None:
    log = the_log(unique=["user", "item"])
    whole = read_interactions(log, place, IDS)
    assert whole.frame.height == 3
    assert whole.report.duplicates == 1
    assert read_interactions(log, place, IDS, days=[date(2020, 1, 2)]).frame.is_empty()


def test_a_broken_file_fails_its_own_day(place: LogPlace) -> None:
    broken = Path(place.base) / "2020-01-03.csv"
    broken.write_text("user;item;time;rating\n1;a;2020-01-03;9\n")
    with pytest.raises(LogError, match=r"2020-01-03\.csv' has no column"):
        read_interactions(the_log(), place, IDS, days=[date(2020, 1, 3)])
    assert read_interactions(the_log(), place, IDS, days=[date(2020, 1, 1)]).frame.height == 3
    broken.rename(broken.with_name("unnamed.csv"))
    with pytest.raises(LogError, match="unnamed"):
        read_interactions(the_log(), place, IDS, days=[date(2020, 1, 1)])


def test_files_may_disagree_on_the_type_of_a_kept_column(tmp_path: Path) -> None:
    base = pl.DataFrame({"user": [1], "item": ["a"], "time": [1300000000]})
    base.with_columns(shelf=7).write_parquet(tmp_path / "1.parquet")
    base.with_columns(shelf=pl.lit("B7")).write_parquet(tmp_path / "2.parquet")
    log = the_log("*.parquet", label=None, categorical=["shelf"])
    assert read_interactions(log, LogPlace(tmp_path), IDS).frame["shelf"].to_list() == ["7", "B7"]


EVENTS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(0, 3), st.integers(0, 86_399)),
    min_size=1,
    max_size=30,
)


@settings(max_examples=25)
@given(EVENTS, st.integers(1, 4))
def test_how_the_log_is_cut_into_files_and_days_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[int, int, int, int]], parts: int
) -> None:
    folder = tmp_path_factory.mktemp("log")
    lines = [
        f"{user},{item},{1_600_000_000 // 86_400 * 86_400 + day * 86_400 + second}"
        for user, item, day, second in events
    ]
    for part in range(parts):
        chunk = lines[part * len(lines) // parts : (part + 1) * len(lines) // parts]
        (folder / f"{part}.csv").write_text("\n".join(["user,item,time", *chunk]) + "\n")
    log, place = the_log(label=None, unique=["user", "item"]), LogPlace(folder)
    ids = decide_id_types(log, place)
    whole = read_interactions(log, place, ids).frame
    days = sorted(whole["timestamp"].dt.date().unique())
    assert pl.concat([read_interactions(log, place, ids, [day]).frame for day in days]).equals(whole)
    assert whole.select("user_id", "item_id").is_unique().all()


def test_an_order_is_the_same_where_a_file_writes_it_as_a_float(tmp_path: Path) -> None:
    for name, orders in (("a", [1, 2, 3]), ("b", [1.0, 2.0, None])):
        frame = pl.DataFrame({"u": [1, 2, 3], "i": [1, 2, 3], "t": ["2024-01-01"] * 3, "order": orders})
        frame.write_parquet(tmp_path / f"{name}.parquet")
    log = InteractionLog(LogSource("*.parquet"), user="u", item="i", time="t", unique=["order"])
    result = read_interactions(log, LogPlace(tmp_path), IdTypes("integer", "integer"))
    assert (result.frame.height, result.report.duplicates) == (4, 2)


@pytest.mark.parametrize("none", [float("nan"), float("inf")])
def test_an_order_that_is_no_number_ends_nothing(tmp_path: Path, none: float) -> None:
    for name, orders in (("a", [1, 2, 3]), ("b", [1.0, 2.0, none])):
        frame = pl.DataFrame({"u": [1, 2, 3], "i": [1, 2, 3], "t": ["2024-01-01"] * 3, "order": orders})
        frame.write_parquet(tmp_path / f"{name}.parquet")
    log = InteractionLog(LogSource("*.parquet"), user="u", item="i", time="t", unique=["order"])
    assert read_interactions(log, LogPlace(tmp_path), IdTypes("integer", "integer")).frame.height == 4
