from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ops_gpu.logs import (
    FileDays,
    InteractionLog,
    LogPlace,
    LogSource,
    days_of_files,
)

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
        assert back == entry and json.loads(json.dumps(entry.to_dict())) == entry.to_dict()


def test_a_file_that_lacks_any_column_of_the_log_is_told(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("u,i,t\n1,a,2020-01-01\n")
    log = InteractionLog(LogSource("*.csv"), "u", "i", "t", label="stars > 3")
    (entry,) = days_of_files(log, LogPlace(tmp_path)).values()
    assert "has no column 'stars'" in str(entry.error)
    assert entry.days == (date(2020, 1, 1),)
