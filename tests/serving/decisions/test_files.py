from __future__ import annotations

from datetime import date
from pathlib import Path

from serving.decisions.files import decision_files, logged_days, state_of_day
from tests.serving.decision_rows import day_of, write_log

DAY, NEXT = date(2026, 1, 5), date(2026, 1, 6)


def test_days_are_those_that_have_a_folder(tmp_path: Path) -> None:
    assert logged_days(tmp_path / "nowhere") == []
    for day in (NEXT, DAY):
        write_log(tmp_path, day, day_of(day, 1))
    write_log(tmp_path / "shadow", date(2026, 1, 7), day_of(DAY, 1))
    (tmp_path / "day=soon").mkdir()
    assert logged_days(tmp_path) == [DAY, NEXT]


def test_files_are_told_newest_first_and_unfinished_ones_not(tmp_path: Path) -> None:
    for day, name in ((DAY, "1"), (DAY, "2"), (NEXT, "1"), (NEXT, ".9")):
        write_log(tmp_path, day, day_of(day, 1), name)
    found = [f"{path.parent.name}/{path.name}" for path in decision_files(tmp_path)]
    assert found == ["day=2026-01-06/1.parquet", "day=2026-01-05/2.parquet", "day=2026-01-05/1.parquet"]
    assert [path.name for path in decision_files(tmp_path, NEXT)] == ["1.parquet"]


def test_a_day_changes_its_state_with_every_file(tmp_path: Path) -> None:
    states = [state_of_day(tmp_path, DAY)]
    for name in ("1", "0"):  # the second one is from a process whose clock is late
        write_log(tmp_path, DAY, day_of(DAY, 1), name)
        states.append(state_of_day(tmp_path, DAY))
    assert states[0] == "" and len(set(states)) == 3
    write_log(tmp_path, NEXT, day_of(NEXT, 1))
    assert state_of_day(tmp_path, DAY) == states[-1]
