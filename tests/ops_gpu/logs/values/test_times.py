from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.logs.values.times import TimeUnit, parse_times

MOMENT = datetime(2011, 1, 4, 10, 0, 30)
EPOCH = 1294135230


@pytest.mark.parametrize(
    ("unit", "value"),
    [("s", EPOCH), ("ms", EPOCH * 10**3), ("us", EPOCH * 10**6), ("ns", EPOCH * 10**9), ("s", float(EPOCH))],
)
def test_every_unit_declared_or_not_number_or_text(unit: TimeUnit, value: float) -> None:
    for values in (pl.Series([value]), pl.Series([str(int(value))])):
        assert parse_times(values, unit).to_list() == [MOMENT]
        assert parse_times(values, "auto").to_list() == [MOMENT]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2011-01-04 10:00:30", MOMENT),
        ("2011-01-04T10:00:30", MOMENT),
        ("2011-01-04 10:00:30.250", MOMENT + timedelta(milliseconds=250)),
        ("2011-01-04T10:00:30Z", MOMENT),
        ("2011-01-04T12:00:30+02:00", MOMENT),
        ("2011-01-04 10:00", MOMENT.replace(second=0)),
        ("2011-01-04", datetime(2011, 1, 4)),
        (" 2011-01-04 ", datetime(2011, 1, 4)),
        ("04.01.2011", None),
        ("soon", None),
        (None, None),
    ],
)
def test_iso_forms(text: str | None, expected: datetime | None) -> None:
    values = pl.Series([text, "2011-01-04 10:00:30"], dtype=pl.String)
    assert parse_times(values, "auto").to_list() == [expected, MOMENT]
    assert parse_times(values, "text").to_list() == [expected, MOMENT]


def test_a_pattern_reads_what_it_says() -> None:
    assert parse_times(pl.Series(["4/1/2011 10:00"]), "text", "%d/%m/%Y %H:%M").to_list() == [MOMENT.replace(second=0)]
    assert parse_times(pl.Series(["20110104"]), "auto", "%Y%m%d").to_list() == [datetime(2011, 1, 4)]
    assert parse_times(pl.Series(["04/Jan/2011:11:00:30 +0100"]), "auto", "%d/%b/%Y:%H:%M:%S %z").to_list() == [MOMENT]


def test_dates_and_zoned_moments() -> None:
    zone = timezone(timedelta(hours=2))
    zoned = pl.Series([datetime(2011, 1, 4, 12, 0, 30, tzinfo=zone)]).cast(pl.Datetime("ms", "UTC"))
    assert parse_times(zoned).to_list() == [MOMENT]
    assert parse_times(pl.Series([date(2011, 1, 4)])).to_list() == [datetime(2011, 1, 4)]
    assert parse_times(zoned).dtype == pl.Datetime("us")


def test_the_wrong_unit_is_no_time() -> None:
    """Milliseconds read as seconds lie in the year 42980, a date without pattern is no epoch."""
    assert parse_times(pl.Series([EPOCH * 1000]), "s").to_list() == [None]
    assert parse_times(pl.Series([20110104, 2011]), "auto").to_list() == [None, None]
    assert parse_times(pl.Series([True]), "auto").to_list() == [None]


@given(st.lists(st.integers(10**8, 4 * 10**9), min_size=1, max_size=20))
def test_numbers_and_their_text_agree(epochs: list[int]) -> None:
    expected = [datetime.fromtimestamp(value, UTC).replace(tzinfo=None) for value in epochs]
    assert parse_times(pl.Series(epochs)).to_list() == expected
    assert parse_times(pl.Series([str(value) for value in epochs])).to_list() == expected


@pytest.mark.parametrize(
    ("values", "pattern", "expected"),
    [
        ([202401151030, None], "%Y%m%d%H%M", datetime(2024, 1, 15, 10, 30)),
        ([2024011510], "%Y%m%d%H", datetime(2024, 1, 15, 10)),
        ([5012024], "%d%m%Y", datetime(2024, 1, 5)),  # the first zero of 05 is lost in a number
        ([20240115.0, float("nan")], "%Y%m%d", datetime(2024, 1, 15)),
        (["202401151030.0"], "%Y%m%d%H%M", datetime(2024, 1, 15, 10, 30)),
        (["2024-01-15 10"], "%Y-%m-%d %H", datetime(2024, 1, 15, 10)),
        (["2024-01-15 10 PM"], "%Y-%m-%d %I %p", datetime(2024, 1, 15, 22)),
        ([1705312800], "%s", datetime(2024, 1, 15, 10)),
    ],
    ids=["minutes", "hours", "lost zero", "fractions", "text", "no minutes", "half days", "epoch"],
)
def test_a_pattern_reads_numbers_as_it_reads_text(values: list[object], pattern: str, expected: datetime) -> None:
    found = parse_times(pl.Series(values), "auto", pattern)
    assert found[0] == expected
    assert found.null_count() == len(values) - 1
