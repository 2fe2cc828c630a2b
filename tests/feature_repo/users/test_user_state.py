from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feature_repo.users.user_lists import lists_of_log
from feature_repo.users.user_state import user_state, user_states
from ops_gpu.interactions.history_columns import ENTRY

USERS = pl.DataFrame({"user_id": [3, 1], "country": ["FR", None]})


def events(rows: list[tuple[int, str, int, bool]]) -> pl.DataFrame:
    frame = pl.DataFrame(
        rows, schema={"user_id": pl.Int64, "item_id": pl.String, "at": pl.Int64, "label": pl.Boolean}, orient="row"
    )
    return frame.with_columns(timestamp=pl.from_epoch("at", "s").cast(pl.Datetime("us"))).drop("at")


def test_one_entry_an_item_by_last_interaction() -> None:
    rows = [(1, "b", 10, True), (1, "a", 20, False), (1, "b", 30, True), (1, "c", 20, True), (7, "a", 5, False)]
    state = user_state(USERS, events(rows))
    assert state["user_id"].to_list() == [1, 3, 7]
    assert state.row(0, named=True) == {
        "user_id": 1,
        "country": None,
        "history_item": ["a", "c", "b"],
        "history_count": [1.0, 1.0, 2.0],
        "history_last": [20, 20, 30],
        "history_positive": [0.0, 1.0, 2.0],
    }
    assert state.row(1) == (3, "FR", [], [], [], [])
    assert state.row(2) == (7, None, ["a"], [1.0], [5], [0.0])


def test_no_interactions_at_all() -> None:
    state = user_state(USERS, events([]).lazy())
    assert state.schema["history_item"] == pl.List(pl.String)
    assert state.select(pl.col(ENTRY).list.len().sum()).row(0) == (0, 0, 0, 0)


def test_times_are_utc_seconds() -> None:
    frame = events([(1, "a", 0, True)]).with_columns(timestamp=pl.lit(datetime(2020, 1, 1)).cast(pl.Datetime("us")))
    assert user_state(USERS, frame)["history_last"][0].to_list() == [1_577_836_800]


ROWS = st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abc"), st.integers(0, 50), st.booleans()), max_size=30)


@given(ROWS, st.randoms())
def test_the_order_of_the_rows_does_not_matter_and_nothing_is_lost(
    rows: list[tuple[int, str, int, bool]], random: object
) -> None:
    state = user_state(USERS, events(rows))
    assert state.equals(user_state(USERS, events(list(reversed(rows)))))
    assert state["history_count"].list.sum().sum() == len(rows)
    assert state["history_positive"].list.sum().sum() == sum(row[3] for row in rows)


@pytest.mark.parametrize("at_once", [1, 4, 1000])
def test_states_by_ranges_are_those_of_the_whole(at_once: int) -> None:
    rows = [(user, f"{item}", 10 * user + item, item % 2 == 0) for user in range(9) for item in range(user)]
    parts = list(user_states(USERS, events(rows).lazy(), lists_of_log(events(rows)), at_once))
    assert pl.concat([part for _, part in parts]).equals(user_state(USERS, events(rows)))
    assert len(parts) == 1 if at_once == 1000 else len(parts) > 2
