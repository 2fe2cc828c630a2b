"""Days in stretches: cut where few rows lie on both sides, and together what reading all days at once gives."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ops_gpu.logs import CleanReport, IdTypes, InteractionLog, LogPlace, LogSource, read_by_stretches, read_interactions
from ops_gpu.logs.day_stretches import stretches
from ops_gpu.logs.days import FileDays
from ops_gpu.logs.files import blocks
from ops_gpu.logs.files.day_rows import DayRows

FIRST = date(2024, 1, 1)
IDS = IdTypes("integer", "integer")
HEADER = "user,item,time,stars\n"
DAYS = [FIRST + timedelta(number) for number in range(6)]


def files(*rows: dict[int, int]) -> list[FileDays]:
    """A file of so many rows by the number of the day."""
    return [FileDays("", {DAYS[day]: DayRows(count, 0) for day, count in by_day.items()}) for by_day in rows]


def lengths(found: list[list[date]]) -> list[int]:
    assert [day for stretch in found for day in stretch] == DAYS
    return [len(stretch) for stretch in found]


@pytest.mark.parametrize(
    ("of_files", "at_once", "wanted"),
    [
        ([{day: 10} for day in range(6)], 20, [2, 2, 2]),
        ([{day: 10} for day in range(6)], 1, [1] * 6),
        ([{day: 10} for day in range(6)], 100, [6]),
        ([{0: 20, 1: 20, 2: 20}, {3: 20}, {4: 20, 5: 20}], 20, [3, 1, 2]),  # a file of three days is read once
        ([dict.fromkeys(range(6), 10)], 10, [6]),
        ([{day: 10, day + 1: 1} for day in range(5)] + [{5: 10}], 50, [5, 1]),  # some rows of the next day, read twice
        ([{day: 10, day + 1: 1} for day in range(5)] + [{5: 10}], 10, [5, 1]),  # but never a large share of them
        ([{0: 10, 5: 10}, {1: 10}], 10, [6]),
        ([], 10, [6]),
    ],
)
def test_where_days_are_cut(of_files: list[dict[int, int]], at_once: int, wanted: list[int]) -> None:
    assert lengths(stretches(DAYS, files(*of_files), at_once)) == wanted


def test_days_of_nobody_are_one_stretch() -> None:
    assert stretches([], files({0: 3}), 1) == [[]]


@pytest.mark.parametrize(("first", "wanted"), [(0, [6]), (2, [1, 1, 4])])
def test_the_days_of_a_file_that_is_read_in_blocks_are_one_stretch(first: int, wanted: list[int]) -> None:
    parts = [blocks.Block(number, number + 1, "", {DAYS[number]: DayRows(10, 0)}) for number in range(first, 6)]
    long = FileDays("", {day: DayRows(10, 0) for day in DAYS[first:]}, blocks=parts)
    assert lengths(stretches(DAYS, [long, *files(*({day: 10} for day in range(first)))], 10)) == wanted


LINES = st.tuples(
    st.sampled_from(["1", "2", "3", "", "x"]), st.integers(1, 4), st.integers(0, 6 * 24 * 60 - 1), st.integers(1, 5)
)


@settings(max_examples=40)
@given(
    logs=st.lists(st.lists(LINES, min_size=1, max_size=25), min_size=1, max_size=4),
    at_once=st.integers(1, 30),
    days=st.sets(st.sampled_from(DAYS), min_size=1),
    unique=st.booleans(),
    size=st.sampled_from([200, 1 << 24]),
)
def test_stretches_are_what_all_days_at_once_are(
    tmp_path_factory: pytest.TempPathFactory, logs: list[list], at_once: int, days: set[date], unique: bool, size: int
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    place = LogPlace(folder)
    for number, lines in enumerate(logs):
        rows = [f"{user},{item},{_moment(minute)},{stars}\n" for user, item, minute, stars in lines]
        (folder / f"{number}.csv").write_text(HEADER + "".join([*rows, "1,1,2024-01-01T00:00:00,3\n"]))
    log = InteractionLog(
        LogSource("*.csv"), user="user", item="item", time="time", label="stars >= 4", filters="stars <> 2",
        continuous=["stars"], unique=["user", "item", "time"] if unique else (),
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(blocks, "SIZE", size)
        wanted = read_interactions(log, place, IDS, days, named=True)
        parts = list(read_by_stretches(log, place, IDS, sorted(days), at_once=at_once))
    assert [day for stretch, _ in parts for day in stretch] == sorted(days)
    assert_frame_equal(pl.concat([read.frame for _, read in parts]), wanted.frame)
    report = CleanReport()
    for _, read in parts:
        report = report.plus(read.report)
    assert report == wanted.report


def _moment(minute: int) -> str:
    return f"2024-01-0{1 + minute // 1440}T{minute // 60 % 24:02}:{minute % 60:02}:00"
