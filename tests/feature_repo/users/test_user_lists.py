"""What users did is the same from the log and from the histories of its days."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from feature_repo.users.user_lists import lists_of_days, lists_of_log, with_pushed
from ops_gpu.interactions.days.history_run import HistoryRun
from ops_gpu.interactions.days.user_histories import UserHistories

FIRST = datetime(2026, 1, 1)
EVENT = st.tuples(st.integers(1, 5), st.integers(1, 12), st.integers(0, 6 * 86_400), st.booleans())
EVENTS = st.lists(EVENT, max_size=40)
SCHEMA = {"user_id": pl.Int64, "item_id": pl.Int64, "at": pl.Int64, "label": pl.Boolean}


def log(rows: list[tuple[int, int, int, bool]], texts: bool) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    moment = (pl.lit(FIRST) + pl.duration(seconds="at")).cast(pl.Datetime("us"))
    frame = frame.select("user_id", "item_id", moment.alias("timestamp"), "label")
    return frame.with_columns(pl.col("user_id", "item_id").cast(pl.String if texts else pl.Int64))


@given(rows=EVENTS, more=EVENTS, texts=st.booleans())
def test_days_give_what_the_log_gives(
    rows: list[tuple[int, int, int, bool]], more: list[tuple[int, int, int, bool]], texts: bool
) -> None:
    events, pushed = log(rows, texts), log(more, texts)
    days = events.with_columns(day=pl.col("timestamp").dt.date()).partition_by("day", include_key=False)
    histories = UserHistories([HistoryRun.of_events(day) for day in days])
    users = pl.Series("user_id", [3, 1, 2, 9]).cast(pl.String if texts else pl.Int64)
    of_days, of_log = lists_of_days(histories, events.schema["item_id"]), lists_of_log(events)
    assert of_days(users).sort("user_id").equals(of_log(users).sort("user_id"))
    both = pl.concat([events, pushed])
    for lists in (of_days, of_log):
        assert with_pushed(lists, pushed)(users).sort("user_id").equals(lists_of_log(both)(users).sort("user_id"))


def test_nobody_did_anything() -> None:
    nobody = lists_of_days(UserHistories([]), pl.String())(pl.Series("user_id", ["a"]))
    assert nobody.is_empty()
    assert nobody.schema == lists_of_log(log([], texts=True))(pl.Series("user_id", ["a"])).schema


def test_moments_are_cut_to_seconds() -> None:
    events = log([(1, 1, 0, True)], texts=False).with_columns(pl.col("timestamp") + timedelta(milliseconds=900))
    found = lists_of_days(UserHistories([HistoryRun.of_events(events)]), pl.Int64())(pl.Series("user_id", [1]))
    assert found.equals(lists_of_log(events)(pl.Series("user_id", [1])))
