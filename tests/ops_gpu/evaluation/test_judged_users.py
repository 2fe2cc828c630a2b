from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from unittest.mock import patch

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.evaluation.judged_users import JudgedUsers, day_bounds
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.item_state_config import ItemStateConfig
from ops_gpu.recommender.ranking_examples import choices_after
from tests.ops_gpu.day_files import write_days
from tests.ops_gpu.toys import logs


def frame_of(events: Events, texts: bool) -> pl.DataFrame:
    """Canonical interactions, a time step a day, whose ids are the codes."""
    moments = pl.Series(events.time * DAY * 1_000_000).cast(pl.Datetime("us"))
    frame = pl.DataFrame({"user_id": events.user, "item_id": events.item, "label": events.positive})
    frame = frame.with_columns(pl.col("user_id", "item_id").cast(pl.String if texts else pl.Int64))
    return frame.with_columns(timestamp=moments)


@given(logs(), st.integers(0, 13), st.integers(0, 13), st.booleans(), st.booleans())
def test_as_many_as_there_are_choices(events: Events, start: int, end: int, repeats: bool, texts: bool) -> None:
    users, _ = choices_after(events, start, end, repeats)
    with tempfile.TemporaryDirectory() as place:
        past = write_days(frame_of(events, texts), Path(place, "days"), ItemStateConfig())
        assert JudgedUsers(past, repeats).count(start * DAY, end * DAY) == len(users)
        with patch("ops_gpu.evaluation.judged_users.USERS_AT_ONCE", 1):
            assert JudgedUsers(past, repeats).count(start * DAY, end * DAY) == len(users)
            assert JudgedUsers(past, repeats, 2).count(start * DAY, end * DAY) == min(2, len(users))


def test_no_more_are_looked_for_than_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops_gpu.evaluation.judged_users.USERS_AT_ONCE", 2)
    users = np.tile(np.arange(8, dtype=np.int32), 2)
    items, times = np.repeat(np.array([0, 1], np.int32), 8), np.repeat(np.array([1, 3]), 8)
    events = Events.sorted(users, items, times, np.ones(16, np.bool_), 8, 2)
    past = write_days(frame_of(events, texts=False), tmp_path / "days", ItemStateConfig())
    assert JudgedUsers(past, repeats=False).count(2 * DAY, 4 * DAY) == 8
    assert JudgedUsers(past, repeats=False, enough=3).count(2 * DAY, 4 * DAY) == 4


def test_days_begin_and_end_at_midnight(tmp_path: Path) -> None:
    moments = pl.Series([2 * DAY, 2 * DAY + 5, 6 * DAY - 1]) * 1_000_000
    frame = pl.DataFrame({"timestamp": moments.cast(pl.Datetime("us"))})
    files = {}
    for number in range(1, 9):  # those before and after are empty
        day = date(1970, 1, 1 + number)
        files[day] = tmp_path / f"{day}.parquet"
        frame.filter(pl.col("timestamp").dt.date() == day).write_parquet(files[day])
    assert day_bounds(files.items()) == (2 * DAY, 6 * DAY)


def test_no_event(tmp_path: Path) -> None:
    pl.DataFrame(schema={"timestamp": pl.Datetime("us")}).write_parquet(tmp_path / "day.parquet")
    with pytest.raises(ValueError, match="no event on any materialized day"):
        day_bounds([(date(2024, 1, 1), tmp_path / "day.parquet")])
