from __future__ import annotations

import json
from datetime import UTC, date, datetime

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ops_gpu.candidates.candidates import DEGRADED, FALLBACK
from serving.decisions.served_summary import ServedSummary
from tests.serving.decision_rows import BITS, day_of, decision, frame_of

DAY = date(2026, 1, 5)
NINE, TEN = datetime(2026, 1, 5, 9, 30, tzinfo=UTC), datetime(2026, 1, 5, 10, tzinfo=UTC)
OLD, NEW = "a" * 64, "b" * 64
NAMES = {OLD: BITS, NEW: {"source": {"two_tower": 1, "popular": 2}, "reason": {"seen": 1, "age": 4}}}


def test_a_day_in_numbers() -> None:
    rows = [
        decision("x", 1, [7, 8], NINE, retrieved_source=[1, 3, 2], removed_reason=[5], scored_item=[7, 8]),
        decision("x", 2, [], NINE, row=1, retrieved_source=[1], removed_reason=[1], scored_item=[]),
        decision("y", 1, [8], TEN, release=NEW, source=[1 | DEGRADED], retrieved_source=[1], removed_reason=[4, 8]),
        decision("x", 3, [9], TEN, source=[2 | FALLBACK], retrieved_source=[], scored_item=[9]),
    ]
    found = ServedSummary.of(frame_of(rows), NAMES)
    assert (found.requests, found.lists, found.users, found.recorded) == (3, 4, 3, 4)
    assert (found.degraded, found.popular, found.empty, found.degraded_or_empty) == (1, 1, 1, 2)
    assert (found.places, found.items, found.mean_length) == (4, 3, 1.0)
    assert found.retrieved == {"two_tower": 1.0, "popular": 0.0}  # the second in one list of four alone
    assert found.scored == 1.0
    assert found.removed == {"seen": 2, "age": 1, "bit 8": 1, "sold_out": 1}  # bit 4 is another filter in each release
    assert found.releases == {OLD: 3, NEW: 1}
    assert (found.by_hour[OLD][9], found.by_hour[OLD][10], sum(found.by_hour[NEW])) == (2, 1, 1)
    assert json.loads(json.dumps(found.to_dict()))["releases"] == found.releases


def test_an_empty_day_has_no_shares_to_divide() -> None:
    for frame in (frame_of([]), frame_of([]).select("request", "row", "time", "release")):
        found = ServedSummary.of(frame, {})
        assert (found.requests, found.lists, found.items, found.mean_length) == (0, 0, 0, 0.0)
        assert found.share(found.degraded_or_empty) == 0.0
        assert (found.scored, found.retrieved, found.removed, found.by_hour) == (None, {}, {}, {})


def test_what_a_release_does_not_log_is_neither_empty_nor_whole() -> None:
    full, bare = frame_of(day_of(DAY, 2)), frame_of(day_of(DAY, 5)[2:])
    bare = bare.select("request", "row", "time", "user_id", release=pl.lit(NEW))
    found = ServedSummary.of(pl.concat([full, bare], how="diagonal_relaxed"), NAMES)
    assert (found.lists, found.recorded, found.empty, found.mean_length) == (5, 2, 0, 3.0)


def test_a_second_filter_counts_too() -> None:
    frame = frame_of(day_of(DAY, 1)).with_columns(pl.lit([4]).alias("2_removed_reason"))
    frame = frame.with_columns(pl.lit([4]).alias("user_removed_reason"))  # a feature, whatever it is called
    assert ServedSummary.of(frame, NAMES).removed == {"sold_out": 1}


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(0, 20), max_size=4), max_size=12), st.integers(0, 12))
def test_parts_of_a_day_add_up(lists: list[list[int]], cut: int) -> None:
    rows = [decision(str(n), n % 3, items, TEN, release=NEW if n % 2 else OLD) for n, items in enumerate(lists)]
    whole, first, second = (ServedSummary.of(frame_of(part), NAMES) for part in (rows, rows[:cut], rows[cut:]))
    for name in ("requests", "lists", "recorded", "empty", "places"):
        assert getattr(whole, name) == getattr(first, name) + getattr(second, name)
    assert max(first.items, second.items) <= whole.items <= first.items + second.items
    assert whole.empty == sum(not items for items in lists)
