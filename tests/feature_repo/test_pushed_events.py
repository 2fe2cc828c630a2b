from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from feature_repo.pushed_events import NUMBER, PUSHED, PushedEvents, only_writer, pushed_users

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


def plain(journal: PushedEvents) -> pl.DataFrame:
    return journal.all().drop(NUMBER, PUSHED)


def test_events_come_back_in_order_and_are_forgotten_one_by_one(journal: PushedEvents, tmp_path: Path) -> None:
    assert journal.all().is_empty() and pushed_users(tmp_path) == []
    journal.forget(journal.all()[NUMBER])
    assert list(tmp_path.iterdir()) == [], "to look makes nothing"
    for part in (events(3, 1), events(2), events(3)):
        with journal.appended(part):
            pass
    assert plain(journal).equals(events(3, 1, 2, 3))
    assert pushed_users(tmp_path) == ["ü1", "ü2", "ü3"]
    assert journal.counts(pl.Series(["ü3", "nobody", "ü1"])).rows() == [("ü3", 2), ("ü1", 1)]
    assert (journal.all()[PUSHED] - datetime.now(UTC).replace(tzinfo=None)).dt.total_seconds().abs().max() < 60  # type: ignore[operator]
    journal.forget(journal.all()[NUMBER].gather([0, 2]))
    assert plain(journal).equals(events(1, 3)) and pushed_users(tmp_path) == ["ü1", "ü3"]
    journal.forget(journal.all()[NUMBER])
    assert journal.all().is_empty()


def test_what_did_not_get_online_is_taken_back(journal: PushedEvents) -> None:
    with journal.appended(events(1)):
        pass
    with pytest.raises(OSError, match="no store"), journal.appended(events(2)):
        raise OSError("no store")
    assert plain(journal).equals(events(1))


EARLIER_LINES = """\
{"user_id": "ü1", "item_id": 1, "timestamp": 1767229323000456, "label": false}
{"user_id": "ü2", "item_id": 2, "timestamp": 1767315723000456, "label": true}
{"user_id": "ü3", "item_id": 3, "timest"""
"""As the version before wrote them; the last line broke off and was never confirmed."""


def test_what_an_earlier_version_wrote_is_taken_over_once(
    journal: PushedEvents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = tmp_path / "pushed.jsonl"
    earlier.write_text(EARLIER_LINES, encoding="utf-8")
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(Path, "unlink", interrupted)
        pushed_users(tmp_path)
    assert pushed_users(tmp_path) == ["ü1", "ü2"] and not earlier.exists()
    assert plain(journal).equals(events(1, 2))
    earlier.write_text(EARLIER_LINES, encoding="utf-8")  # a process of the earlier version is still there
    assert plain(journal).equals(events(1, 2, 1, 2)) and not earlier.exists()


def interrupted(path: Path) -> None:
    raise KeyboardInterrupt


def test_ids_of_another_type_are_told(journal: PushedEvents, tmp_path: Path) -> None:
    with journal.appended(events(1)):
        pass
    with pytest.raises(ValueError, match=r"pushed.db holds events with ids of other types than user_id of Int64"):
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
