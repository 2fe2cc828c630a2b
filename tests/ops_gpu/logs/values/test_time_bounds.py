from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.logs.values.time_bounds import TimeBounds

JUNE = [date(2026, 6, day) for day in range(1, 16)]
NOW = datetime(2026, 6, 16, 12)


def earliest(days: list[date], start: date | None = None) -> date | None:
    found = TimeBounds.of(days, NOW, start).earliest
    return found and found.date()


@pytest.mark.parametrize(
    ("alone", "first"),
    [
        pytest.param([], None, id="nothing odd"),
        pytest.param([date(1970, 1, 1)], date(2026, 6, 1), id="the first day of the epoch"),
        pytest.param([date(1969, 12, 31), date(1970, 1, 1)], date(2026, 6, 1), id="and the day before it"),
        pytest.param([date(1900, 1, 1), date(1970, 1, 1)], date(2026, 6, 1), id="two times that are none"),
        pytest.param([date(2024, 6, 1)], date(2026, 6, 1), id="two years before"),
        pytest.param([date(2024, 6, 2)], None, id="a day less than two years before"),
        pytest.param([date(1970, 1, day) for day in (1, 2, 3, 4)], None, id="four days are events"),
        pytest.param([date(1900, 1, 1), date(2016, 5, 1), date(2016, 5, 9)], date(2016, 5, 1), id="a pause later on"),
        pytest.param([date(1970, 1, 1), date(1970, 1, 12)], date(2026, 6, 1), id="seconds 0 and 1,000,000"),
        pytest.param([date(1970, 1, 1), date(1971, 1, 1)], date(2026, 6, 1), id="a year apart"),
        pytest.param([date(2000, 1, 1), date(2001, 1, 1)], date(2026, 6, 1), id="of this century"),
        pytest.param([date(1900, 1, 1), date(1970, 1, 1), date(1970, 1, 12)], date(2026, 6, 1), id="one by one"),
        pytest.param([date(1970, 1, day) for day in (1, 9, 17, 25)], None, id="too many beside fifteen"),
        pytest.param([date(2016, 5, 1), date(2016, 5, 9)], None, id="events of ten years ago"),
        pytest.param([date(2099, 12, 31)], None, id="what lies ahead is no day to compare with"),
    ],
)
def test_days_that_stand_for_no_time(alone: list[date], first: date | None) -> None:
    assert earliest([*alone, *JUNE]) == first


def test_in_a_long_log_more_days_are_few() -> None:
    year = [date(2025, 6, 1) + timedelta(days=day) for day in range(365)]
    small = [date(1970, 1, 1) + timedelta(days=12 * n) for n in range(18)]
    assert earliest(small + year) == date(2025, 6, 1)
    assert earliest([date(1970, 1, 1) + timedelta(days=day) for day in range(19)] + year) is None


def test_a_pause_before_the_newest_day_says_nothing_against_it() -> None:
    past = [date(2019, 1, day) for day in range(1, 32)]
    bounds = TimeBounds.of([*past, date(2026, 6, 15)], NOW)
    assert bounds.earliest is None and bounds.holds(date(2026, 6, 15))


def test_who_names_a_start_has_looked() -> None:
    assert earliest([date(2020, 1, 1), *JUNE], start=date(2020, 1, 1)) is None


@given(st.sets(st.dates(date(1990, 1, 1), date(2026, 6, 16)), min_size=1, max_size=30))
def test_the_newest_day_always_stays(days: set[date]) -> None:
    bounds = TimeBounds.of(days, NOW)
    assert bounds.holds(max(days))
    kept = [day for day in days if bounds.holds(day)]
    assert TimeBounds.of(kept, NOW) == TimeBounds(None, NOW)  # and nothing more goes, when it is asked again


def test_what_is_wrong_with_a_moment() -> None:
    bounds = TimeBounds(datetime(2026, 6, 1), NOW)
    moments = [datetime(1970, 1, 1), datetime(2026, 6, 1), NOW, NOW + timedelta(microseconds=1), None]
    frame = pl.DataFrame({"t": moments}, schema={"t": pl.Datetime("us")})
    assert frame.select(bounds.problem("t"))["literal"].to_list() == ["time_alone", None, None, "time_ahead", None]
    assert frame.select(TimeBounds().problem("t")).to_series().null_count() == 5
    assert TimeBounds().holds(date(1, 1, 1)) and not bounds.holds(date(2026, 5, 31)) and bounds.holds(date(2026, 6, 16))
    assert not bounds.holds(date(2026, 6, 17))


def test_no_day_at_all() -> None:
    assert TimeBounds.of([], NOW) == TimeBounds(None, NOW)
