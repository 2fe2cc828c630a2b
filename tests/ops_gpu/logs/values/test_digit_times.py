from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.logs import (
    IdTypes,
    InteractionLog,
    LogError,
    LogPlace,
    LogSource,
    days_of_files,
    read_interactions,
)
from ops_gpu.logs.units import read_times
from ops_gpu.logs.values.digit_times import digit_forms

MOMENTS = [datetime(2024, 1, 15, 10, 30) + timedelta(hours=7 * n, minutes=13 * n) for n in range(40)]
FORMS = {
    "day": "%Y%m%d",
    "hour": "%Y%m%d%H",
    "minute": "%Y%m%d%H%M",
    "second": "%Y%m%d%H%M%S",
    "day first": "%d%m%Y",
    "month first, hour": "%m%d%Y%H",
    "day first, minute": "%d%m%Y%H%M",
    "month first, minute": "%m%d%Y%H%M",
    "day first, second": "%d%m%Y%H%M%S",
    "month first, second": "%m%d%Y%H%M%S",
    "day first, short year": "%d%m%y%H%M",
    "month first, short year, seconds": "%m%d%y%H%M%S",
    "short year": "%y%m%d%H%M",
    "short year, seconds": "%y%m%d%H%M%S",
}


def log(**settings: Any) -> InteractionLog:
    return InteractionLog(LogSource("f.csv"), user="u", item="i", time="t", **settings)


def kinds(texts: list[str]) -> dict[str, pl.Series]:
    return {
        "integers": pl.Series("t", [int(text) for text in texts]),
        "text": pl.Series("t", texts),
        "fractions": pl.Series("t", [float(text) for text in texts]),
        "text of fractions": pl.Series("t", [f"{text}.0" for text in texts]),
        "beside nulls and nonsense": pl.Series("t", [None, *texts, "", "?"]),
    }


@pytest.mark.parametrize("kind", kinds([]))
@pytest.mark.parametrize("pattern", FORMS.values(), ids=FORMS.keys())
def test_they_are_refused_with_what_to_write_and_then_read(pattern: str, kind: str) -> None:
    values = kinds([moment.strftime(pattern) for moment in MOMENTS])[kind]
    with pytest.raises(LogError, match=r"'f\.csv' has times written as digits in the column 't', such as") as raised:
        read_times(values, log(), "f.csv")
    assert f'say time_format: "{pattern}"' in str(raised.value)
    expected = [datetime.strptime(moment.strftime(pattern), pattern) for moment in MOMENTS]
    assert read_times(values, log(time_format=pattern), "f.csv").drop_nulls().to_list() == expected


@pytest.mark.parametrize("value", [20240115, 2024011510, 202401151030, 20240115103000, 20240115103000123])
def test_one_such_value_is_enough(value: int) -> None:
    for values in (pl.Series("t", [value]), pl.Series("t", [str(value)])):
        with pytest.raises(LogError, match="has times written as digits"):
            read_times(values, log(), "f.csv")


def test_with_a_unit_nothing_is_guessed() -> None:
    values = pl.Series("t", [2024011510, 2024011511])
    assert read_times(values, log(time_unit="s"), "f.csv").dt.year().to_list() == [2034, 2034]
    assert read_times(pl.Series("t", [202401151030]), log(time_unit="ms"), "f.csv").dt.year().to_list() == [1976]


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([(1, "s"), (10**3, "ms"), (10**6, "us"), (10**9, "ns")]),
    st.integers(1975, 2090),
    st.sampled_from([3, 30, 300]),
)
def test_a_true_epoch_is_none(seed: int, unit: tuple[int, str], year: int, count: int) -> None:
    start = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    moments = start + np.random.default_rng(seed).integers(0, 8 * 365 * 86_400, count)
    values = pl.Series("t", moments.astype(np.int64) * unit[0] + (7 if unit[0] > 1 else 0))
    assert digit_forms(values) == []
    assert digit_forms(values.cast(pl.String)) == []


def test_an_epoch_whose_years_look_so_is_none() -> None:
    """Seconds of 2034 begin as digits of 2024 do, milliseconds of 1976 as those of today."""
    for start, factor in ((datetime(2034, 2, 20, tzinfo=UTC), 1), (datetime(1976, 5, 31, tzinfo=UTC), 1000)):
        for step in (1, 60, 3600, 86_400):
            values = [(int(start.timestamp()) + step * n) * factor for n in range(200)]
            assert digit_forms(pl.Series(values)) == [], (start, step)


@pytest.mark.parametrize(
    "values",
    [
        pl.Series(["2024-01-15 10:30", "2024-01-15T10:30"]),
        pl.Series([None, None], dtype=pl.Int64),
        pl.Series([], dtype=pl.String),
        pl.Series([float("nan"), float("inf"), 1.5]),
        pl.Series([datetime(2024, 1, 1)]),
        pl.Series([True]),
        pl.Series(["20241515", "20240100", "20240230"]),
        pl.Series([99999999, 12345678]),
    ],
    ids=["iso", "nulls", "nothing", "no numbers", "moments", "truth", "no dates", "numbers"],
)
def test_other_columns_are_none(values: pl.Series) -> None:
    assert digit_forms(values) == []


def test_it_is_told_when_the_log_is_looked_at_and_read(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("u,i,t\n" + "".join(f"1,{n},2024011511{n:02}\n" for n in range(60)))
    (entry,) = days_of_files(log(), LogPlace(tmp_path)).values()
    assert 'say time_format: "%Y%m%d%H%M"' in str(entry.error)
    with pytest.raises(LogError, match="has times written as digits in the column 't', such as '202401151100'"):
        read_interactions(log(), LogPlace(tmp_path), IdTypes("integer", "integer"))
    read = read_interactions(log(time_format="%Y%m%d%H%M"), LogPlace(tmp_path), IdTypes("integer", "integer")).frame
    assert (read["timestamp"][0], read.height) == (datetime(2024, 1, 15, 11, 0), 60)


def test_all_forms_that_fit_are_named() -> None:
    texts = [f"{day:02}012024{hour:02}30" for day in range(1, 13) for hour in range(24)]
    for values in (pl.Series("t", texts), pl.Series("t", [int(text) for text in texts])):
        with pytest.raises(LogError, match='say time_format: "%d%m%Y%H%M" or "%m%d%Y%H%M"'):
            read_times(values, log(), "f.csv")
