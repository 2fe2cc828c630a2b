from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.evaluation.judged_users import JudgedUsers, day_bounds
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.recommender.ranking_examples import choices_after
from tests.ops_gpu.toys import logs


def frame_of(events: Events) -> pl.DataFrame:
    """Canonical interactions, whose ids are the codes."""
    moments = pl.Series(events.time * 1_000_000).cast(pl.Datetime("us"))
    columns = {"user_id": events.user, "item_id": events.item, "label": events.positive}
    return pl.DataFrame(columns).with_columns(timestamp=moments)


@given(logs(), st.integers(0, 13), st.integers(0, 13), st.booleans())
def test_as_many_as_there_are_choices(events: Events, start: int, end: int, repeats: bool) -> None:
    users, _ = choices_after(events, start, end, repeats)
    assert JudgedUsers.of(frame_of(events), repeats).count(start, end) == len(users)


def test_days_begin_and_end_at_midnight() -> None:
    moments = pl.Series([3 * DAY + 5, 2 * DAY, 7 * DAY - 1]) * 1_000_000
    assert day_bounds(pl.DataFrame({"timestamp": moments.cast(pl.Datetime("us"))})) == (2 * DAY, 7 * DAY)


def test_no_event() -> None:
    with pytest.raises(ValueError, match="no event on any materialized day"):
        day_bounds(pl.DataFrame(schema={"timestamp": pl.Datetime("us")}))
