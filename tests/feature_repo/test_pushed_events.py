from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from feature_repo.pushed_events import FILE, PushedEvents, only_writer, pushed_users

IDS = {"user_id": pl.String(), "item_id": pl.Int64()}


def events(*days: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "user_id": [f"ü{day}" for day in days],
            "item_id": list(days),
            "timestamp": [datetime(2026, 1, day, 1, 2, 3, 456) for day in days],
            "label": [day % 2 == 0 for day in days],
        }
    )


@pytest.fixture
def journal(tmp_path: Path) -> PushedEvents:
    return PushedEvents(tmp_path, dict(IDS))


def test_events_come_back_in_order_and_are_forgotten_by_time(journal: PushedEvents, tmp_path: Path) -> None:
    assert journal.all().is_empty() and pushed_users(tmp_path) == []
    journal.forget(datetime(2026, 1, 1))
    for part in (events(3, 1), events(2)):
        with journal.appended(part):
            pass
    assert journal.all().equals(pl.concat([events(3, 1), events(2)]))
    assert pushed_users(tmp_path) == ["ü1", "ü2", "ü3"]
    assert journal.since(datetime(2026, 1, 2, 1, 2, 3, 456, UTC))["item_id"].to_list() == [3, 2]
    journal.forget(datetime(2026, 1, 2, 1, 2, 3, 457))
    assert journal.all().equals(events(3))
    journal.forget(datetime(2027, 1, 1))
    assert journal.all().is_empty()


def test_what_did_not_get_online_is_taken_back(journal: PushedEvents) -> None:
    with journal.appended(events(1)):
        pass
    with pytest.raises(OSError, match="no store"), journal.appended(events(2)):
        raise OSError("no store")
    assert journal.all().equals(events(1))


def test_a_line_that_broke_off_is_left_out(journal: PushedEvents, tmp_path: Path) -> None:
    with journal.appended(events(1, 2)):
        pass
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-9])
    assert journal.all().equals(events(1))
    assert pushed_users(tmp_path) == ["ü1"]
    with journal.appended(events(3)):
        assert journal.all().equals(events(1, 3))


def test_ids_of_another_type_are_told(journal: PushedEvents, tmp_path: Path) -> None:
    with journal.appended(events(1)):
        pass
    with pytest.raises(ValueError, match=r"pushed.jsonl holds events with ids of other types than user_id of Int64"):
        PushedEvents(tmp_path, {**IDS, "user_id": pl.Int64()}).all()


def test_one_writer_at_a_time_that_may_enter_again(tmp_path: Path) -> None:
    order = []
    inside = threading.Event()

    def other() -> None:
        inside.wait()
        with only_writer(tmp_path):
            order.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    with only_writer(tmp_path), only_writer(tmp_path):
        inside.set()
        thread.join(0.3)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]
    with only_writer(tmp_path):
        pass
