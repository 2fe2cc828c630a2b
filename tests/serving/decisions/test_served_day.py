from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from serving.decisions.served_day import ServedDay, kept_state
from tests.serving.decision_rows import BITS, SCHEMA, day_of, frame_of, write_log

DAY = date(2026, 1, 5)


def test_a_day_is_each_decision_once_by_time_without_tests(tmp_path: Path) -> None:
    rows = day_of(DAY, 4)
    write_log(tmp_path, DAY, rows[2:], "1")
    write_log(tmp_path, DAY, [*rows[:3], *day_of(DAY, 2, "test-")], "2")  # the third row is in both
    found = ServedDay.read(tmp_path, DAY)
    assert found.decisions["request"].to_list() == ["r0", "r1", "r2", "r3"]
    assert found.bits == {"a" * 64: BITS}


def test_releases_of_other_columns_are_joined_by_name(tmp_path: Path) -> None:
    write_log(tmp_path, DAY, day_of(DAY, 1), "1")
    other = frame_of(day_of(DAY, 3)[1:]).with_columns(release=pl.lit("b" * 64), user_country=pl.lit("PT"))
    write_log(tmp_path, DAY, other.drop("scored_item"), "2")
    found = ServedDay.read(tmp_path, DAY)
    assert found.decisions["user_country"].to_list() == [None, "PT", "PT"]
    assert found.decisions["scored_item"].null_count() == 2
    assert set(found.bits) == {"a" * 64, "b" * 64}


def test_a_day_on_which_nobody_asked_is_empty_and_no_log_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"There is no decision log in .* expected .*day=YYYY-MM-DD"):
        ServedDay.read(tmp_path, DAY)
    write_log(tmp_path, date(2026, 1, 4), day_of(date(2026, 1, 4), 1))
    assert ServedDay.read(tmp_path, DAY).decisions.is_empty()
    write_log(tmp_path, DAY, day_of(DAY, 2, "test-"))
    assert ServedDay.read(tmp_path, DAY).decisions.schema == SCHEMA  # tests alone: columns are known


def test_what_was_saved_is_loaded_and_equal_days_give_equal_bytes(tmp_path: Path) -> None:
    write_log(tmp_path / "log", DAY, day_of(DAY, 3))
    day, path = ServedDay.read(tmp_path / "log", DAY), tmp_path / "kept.parquet"
    assert kept_state(path) is None
    day.save(path)
    loaded = ServedDay.load(path)
    assert loaded.decisions.equals(day.decisions)
    assert (loaded.bits, loaded.state) == (day.bits, day.state)
    assert kept_state(path) == day.state != ""
    day.added_to(loaded).save(tmp_path / "again.parquet")
    assert path.read_bytes() == (tmp_path / "again.parquet").read_bytes()


def test_a_log_that_is_being_deleted_takes_nothing_away(tmp_path: Path) -> None:
    write_log(tmp_path, DAY, day_of(DAY, 3), "1")
    before = ServedDay.read(tmp_path, DAY)
    shutil.rmtree(tmp_path / f"day={DAY}")
    write_log(tmp_path, DAY, day_of(DAY, 4)[2:], "2")
    after = ServedDay.read(tmp_path, DAY).added_to(before)
    assert after.decisions["request"].to_list() == ["r0", "r1", "r2", "r3"]


def test_a_file_that_was_written_anew_without_a_person_can_be_read(tmp_path: Path) -> None:
    frame_of(day_of(DAY, 2)).write_parquet(tmp_path / "kept.parquet")
    found = ServedDay.load(tmp_path / "kept.parquet")
    assert (found.decisions.height, found.bits, found.state) == (2, {}, "")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    write_log(tmp_path / "log", DAY, day_of(DAY, 3))
    path = tmp_path / "kept.parquet"
    ServedDay.read(tmp_path / "log", DAY).save(path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ValueError, match=r"kept\.parquet is damaged, expected decisions as Parquet .*; restore it"):
        ServedDay.load(path)
    assert kept_state(path) is None  # so that the day counts as not kept, and whoever keeps it hears of the file
