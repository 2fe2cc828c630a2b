from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.interactions.events import Events
from tests.ops_gpu.toys import Row, events_of, logs, rows_of

rows = st.lists(st.tuples(st.integers(3, 5), st.integers(3, 5), st.integers(0, 3), st.booleans()), max_size=12)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_files_never_matters(given_rows: list[Row], random: np.random.Generator) -> None:
    shuffled = list(given_rows)
    random.shuffle(shuffled)
    assert rows_of(events_of(shuffled)) == rows_of(events_of(given_rows))
    assert rows_of(events_of(given_rows)) == sorted(given_rows, key=lambda row: (row[2], *row))


@given(logs(), st.none() | st.integers(-1, 14), st.none() | st.integers(-1, 14))
def test_between(events: Events, start: int | None, end: int | None) -> None:
    low, high = -9 if start is None else start, 99 if end is None else end
    found = events.between(start, end)
    assert rows_of(found) == [row for row in rows_of(events) if low <= row[2] < high]
    assert (found.users, found.items) == (events.users, events.items)


@given(logs(), st.integers(0, 13))
def test_before_and_where(events: Events, end: int) -> None:
    assert rows_of(events.before(end)) == [row for row in rows_of(events) if row[2] < end]
    assert rows_of(events.where(events.positive)) == [row for row in rows_of(events) if row[3]]


def test_columns_of_different_lengths() -> None:
    codes = np.array([3, 4], np.int32)
    with pytest.raises(ValueError, match=r"must have one length, got \[1, 2\]"):
        Events(codes, codes, np.array([1]), np.ones(2, np.bool_), 9, 9)


def test_times_that_fall() -> None:
    codes = np.array([3, 4], np.int32)
    with pytest.raises(ValueError, match=r"time order; build them with Events\.sorted"):
        Events(codes, codes, np.array([2, 1]), np.ones(2, np.bool_), 9, 9)
