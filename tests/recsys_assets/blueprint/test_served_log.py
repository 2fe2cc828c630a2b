from __future__ import annotations

import shutil
from datetime import date

import pytest

from recsys_assets.blueprint.served_log import ServedLog
from resources.home import Home
from serving.decisions.served_day import ServedDay
from tests.serving.decision_rows import day_of, write_log

DAY, NEXT, TODAY = date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 9)


@pytest.fixture
def log(home: Home) -> ServedLog:
    return ServedLog("shop", home)


def test_the_first_day_is_that_of_the_log_or_of_what_is_kept(log: ServedLog) -> None:
    assert log.first(TODAY) == TODAY
    folder = log.home.decisions("shop")
    for day in (NEXT, DAY):
        write_log(folder, day, day_of(day, 1))
    assert log.first(TODAY) == DAY
    log.keep(DAY)
    shutil.rmtree(folder / f"day={DAY}")
    assert (log.first(TODAY), log.logged, log.kept) == (DAY, [NEXT], [DAY])


def test_a_day_is_behind_while_the_log_has_more_of_it(log: ServedLog) -> None:
    folder = log.home.decisions("shop")
    assert not log.is_behind(DAY)
    write_log(folder, DAY, day_of(DAY, 2), "1")
    assert log.is_behind(DAY)
    log.keep(DAY)
    assert not log.is_behind(DAY)
    write_log(folder, DAY, day_of(DAY, 1, "late"), "2")
    assert log.is_behind(DAY)
    assert log.keep(DAY).decisions.height == 3
    assert not log.is_behind(DAY)


def test_what_the_log_has_deleted_stays_as_it_was_kept(log: ServedLog) -> None:
    folder, path = log.home.decisions("shop"), log.home.served("shop", DAY)
    write_log(folder, DAY, day_of(DAY, 2))
    log.keep(DAY)
    before = path.read_bytes()
    shutil.rmtree(folder)
    assert not log.is_behind(DAY)
    assert log.keep(DAY).decisions.height == 2  # though there is no log at all any more
    assert path.read_bytes() == before
    with pytest.raises(FileNotFoundError, match="There is no decision log"):
        log.keep(NEXT)


def test_a_file_that_could_not_be_finished_replaces_nothing(log: ServedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, path = log.home.decisions("shop"), log.home.served("shop", DAY)
    write_log(folder, DAY, day_of(DAY, 2), "1")
    log.keep(DAY)
    before = path.read_bytes()
    write_log(folder, DAY, day_of(DAY, 3), "2")

    def full(self: ServedDay, aside: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ServedDay, "save", full)
    with pytest.raises(OSError, match="No space left"):
        log.keep(DAY)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]
