from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ops_gpu.logs import (
    FileDays,
    InteractionLog,
    LogError,
    LogPlace,
    LogSource,
    check_window,
    days_of_files,
    span,
)
from ops_gpu.logs.files import LogFile
from ops_gpu.logs.parquet import read_parquet

LOG = InteractionLog(LogSource("*.csv"), user="u", item="i", time="t", time_unit="s")
SECOND_OF_JANUARY = 1577923200


@pytest.fixture
def place(tmp_path: Path) -> LogPlace:
    (tmp_path / "a.csv").write_text(f"u,i,t\n1,1,{SECOND_OF_JANUARY}\n1,1,{SECOND_OF_JANUARY + 86_400}\n1,1,\n")
    (tmp_path / "b.csv").write_text("u,i,t\n")
    return LogPlace(tmp_path)


def names(found: dict[str, FileDays]) -> dict[str, list[date]]:
    return {Path(path).name: list(entry.days) for path, entry in found.items()}


def test_every_file_tells_its_days(place: LogPlace) -> None:
    assert names(days_of_files(LOG, place)) == {"a.csv": [date(2020, 1, 2), date(2020, 1, 3)], "b.csv": []}


def test_a_changed_file_is_looked_at_again(place: LogPlace) -> None:
    known = days_of_files(LOG, place)
    (Path(place.base) / "b.csv").write_text(f"u,i,t\n1,1,{SECOND_OF_JANUARY}\n")
    again = days_of_files(LOG, place, known)
    assert names(again)["b.csv"] == [date(2020, 1, 2)]
    changed = [Path(path).name for path in again if again[path].fingerprint != known[path].fingerprint]
    assert changed == ["b.csv"]


def test_a_broken_file_carries_its_error_and_the_day_in_its_name(place: LogPlace) -> None:
    (Path(place.base) / "events-20200105.csv").write_text("nothing\n")
    (Path(place.base) / "99999999.csv").write_text("u,i,t\n1,1,soon\n")
    found = {Path(path).name: entry for path, entry in days_of_files(LOG, place).items()}
    broken = found["events-20200105.csv"]
    assert list(broken.days) == [date(2020, 1, 5)]
    assert broken.error is not None and "no column 't'" in broken.error
    unreadable = found["99999999.csv"]
    assert list(unreadable.days) == []
    assert (
        unreadable.error is not None
        and "no readable time in the column 't' (time_unit: s), found 'soon'" in unreadable.error
    )


def test_entries_survive_json(place: LogPlace) -> None:
    for entry in days_of_files(LOG, place).values():
        back = FileDays.from_dict(entry.to_dict())
        assert (back.fingerprint, list(back.days), back.error) == (
            entry.fingerprint,
            list(entry.days),
            entry.error,
        )


def test_span(place: LogPlace) -> None:
    assert span(LOG, place) == (date(2020, 1, 2), date(2020, 1, 3))


def test_a_log_without_events_has_no_span(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("u,i,t\n")
    with pytest.raises(LogError, match="holds no events"):
        span(LOG, LogPlace(tmp_path))


def test_days_outside_the_data_are_refused(place: LogPlace) -> None:
    check_window(LOG, place, date(2019, 1, 1), date(2020, 1, 2))
    for start, end in ((date(2021, 1, 1), date(2021, 2, 1)), (date(2019, 1, 1), date(2020, 1, 1))):
        with pytest.raises(LogError, match=r"lie outside the data: .* runs from 2020-01-02 to 2020-01-03"):
            check_window(LOG, place, start, end)


def test_only_the_time_is_read_from_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pl.DataFrame({"t": [SECOND_OF_JANUARY], "u": [1], "i": [1]}).write_parquet(tmp_path / "x.parquet")
    log = InteractionLog(LogSource("x.parquet"), user="u", item="i", time="t")
    wanted: list[list[str]] = []

    def read(file: LogFile, columns: list[str], present: list[str]) -> pl.DataFrame:
        wanted.append(columns)
        return read_parquet(file, columns, present)

    monkeypatch.setattr("ops_gpu.logs.reader.read_parquet", read)
    assert span(log, LogPlace(tmp_path)) == (date(2020, 1, 2), date(2020, 1, 2))
    assert wanted == [["t"]]


def test_a_file_that_lacks_any_column_of_the_log_is_told(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("u,i,t\n1,a,2020-01-01\n")
    log = InteractionLog(LogSource("*.csv"), "u", "i", "t", label="stars > 3")
    (entry,) = days_of_files(log, LogPlace(tmp_path)).values()
    assert "has no column 'stars'" in str(entry.error)
    assert entry.days == (date(2020, 1, 1),)
