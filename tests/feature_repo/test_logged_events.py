"""Which pushed events a log holds: late logs, clocks that differ, and the same event in both."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feature_repo.logged_events import not_logged

DAY, NOW = datetime(2026, 3, 2), datetime(2026, 3, 3)
KEEP = timedelta(days=3)
Event = tuple[str, int, datetime]


def at(clock: str, user: str = "a", item: int = 7, day: datetime = DAY) -> Event:
    return user, item, datetime.combine(day.date(), datetime.strptime(clock, "%H:%M:%S.%f").time())


def frame(events: list[Event]) -> pl.DataFrame:
    moments = pl.Series([moment for *_, moment in events], dtype=pl.Datetime("us"))
    columns = {"user_id": [e[0] for e in events], "item_id": [e[1] for e in events]}
    return pl.DataFrame({**columns, "timestamp": moments}, schema_overrides={"user_id": pl.String, "item_id": pl.Int64})


def kept(pushed: list[Event], log: list[Event], now: datetime = NOW, since: datetime = NOW) -> list[Event]:
    events = frame(pushed).with_columns(pushed=pl.lit(since).cast(pl.Datetime("us")))
    found = not_logged(events, frame(log).lazy(), KEEP, now)
    return [(user, item, moment) for user, item, moment, _ in found.rows()]


CLICK = at("10:00:00.123456")
OTHERS = [at("08:59:58.5", "b"), at("09:00:00.25", "c", 8)]


def test_a_log_that_ends_before_an_event_keeps_it_however_often_it_is_published() -> None:
    assert kept([CLICK], OTHERS) == [CLICK]


def test_a_log_that_has_gone_on_without_an_event_keeps_it_too() -> None:
    """Logs come in parts: another server's may be late."""
    assert kept([CLICK], [*OTHERS, at("23:59:59.9", "b")]) == [CLICK]


@pytest.mark.parametrize("clock", ["10:00:00.123456", "10:00:00.123", "10:00:00.0", "10:00:05.0", "09:59:55.2"])
def test_the_same_event_in_the_log_is_held(clock: str) -> None:
    assert kept([CLICK], [*OTHERS, at(clock)]) == []


@pytest.mark.parametrize(
    "other",
    [at("10:00:00.123456", "b"), at("10:00:00.123456", item=8), at("10:00:06.0"), at("09:59:54.0")],
    ids=["another user", "another item", "later", "earlier"],
)
def test_another_event_in_the_log_holds_nothing(other: Event) -> None:
    assert kept([CLICK], [*OTHERS, other]) == [CLICK]


@pytest.mark.parametrize(("clock", "others"), [("10:00:00.0", "09:13:00.0"), ("00:00:00.0", "00:00:00.0")])
def test_a_log_may_say_no_more_than_the_minute_or_the_day(clock: str, others: str) -> None:
    late = at("10:00:41.5") if clock != "00:00:00.0" else at("23:10:00.0")
    day_before = at("00:00:00.0", day=DAY - timedelta(days=1))
    log = [at(others, "b"), day_before]
    assert kept([late], log) == [late]
    assert kept([late], [*log, at(clock)]) == []


def test_one_event_of_the_log_stands_for_one_that_was_pushed() -> None:
    twice = [at("10:00:00.0"), at("10:00:02.0")]
    assert kept(twice, [*OTHERS, at("10:00:00.0")]) == twice[1:]
    assert kept(twice, [*OTHERS, *twice]) == []


def test_what_no_log_ever_held_goes_when_logs_and_days_have_passed_it() -> None:
    later = at("12:00:00.0", "b", day=DAY + timedelta(days=4))
    assert kept([CLICK], [later], now=NOW + timedelta(days=4), since=NOW) == []
    assert kept([CLICK], [later], now=NOW + timedelta(days=2), since=NOW) == [CLICK], "pushed a moment ago"
    assert kept([CLICK], OTHERS, now=NOW + timedelta(days=400), since=NOW) == [CLICK], "the logs have stopped before it"


def test_nothing_is_asked_of_an_empty_log_or_journal() -> None:
    assert kept([CLICK], []) == [CLICK]
    assert kept([], OTHERS) == []


moments = st.integers(0, 60).map(lambda second: datetime(2026, 3, 2, 10) + timedelta(seconds=second, microseconds=7))
events = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 2), moments), max_size=12)


@given(pushed=events, others=events)
def test_whatever_the_log_holds_goes_and_as_many_stay_as_it_lacks(pushed: list[Event], others: list[Event]) -> None:
    assert kept(pushed, [*pushed, *others]) == []
    assert len(kept(pushed, others)) >= len(pushed) - len(others)
    assert set(kept(pushed, others)) <= set(pushed)
