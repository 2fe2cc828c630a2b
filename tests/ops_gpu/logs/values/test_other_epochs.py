from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from ops_gpu.logs import InteractionLog, LogError, LogSource
from ops_gpu.logs.units import read_times
from ops_gpu.logs.values.other_epochs import other_epoch

YEARS = [int(datetime(year, 2, 18, tzinfo=UTC).timestamp()) for year in (2001, 2015, 2024, 2039)]
SINCE = {".NET ticks": datetime(1, 1, 1, tzinfo=UTC), "Windows file times": datetime(1601, 1, 1, tzinfo=UTC)}


def log(unit: str) -> InteractionLog:
    return InteractionLog(LogSource("f.csv"), user="u", item="i", time="t", time_unit=unit)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "since"), SINCE.items(), ids=SINCE)
def test_they_are_refused_by_name_with_what_to_write(name: str, since: datetime) -> None:
    days = (datetime(1970, 1, 1, tzinfo=UTC) - since).days
    numbers = [(second + days * 86_400) * 10_000_000 for second in YEARS]
    columns = [pl.Series("t", numbers), pl.Series("t", map(str, numbers)), pl.Series("t", [*map(float, numbers), None])]
    for values in columns:
        with pytest.raises(
            LogError, match=rf"'f\.csv' has {name} in the column 't', such as .*since the year"
        ) as raised:
            read_times(values, log("auto"), "f.csv")
        formula = str(raised.value).split("which are ")[1].split(", into")[0]
        assert [eval(formula, {"value": value}) for value in numbers] == YEARS
    assert read_times(columns[0], log("ns"), "f.csv").null_count() == 0  # who names a unit has looked


@pytest.mark.parametrize("factor", [1, 10**3, 10**6, 10**9], ids=["s", "ms", "us", "ns"])
def test_an_epoch_is_none(factor: int) -> None:
    assert other_epoch(pl.Series([second * factor for second in YEARS])) is None


def test_other_columns_are_none() -> None:
    assert other_epoch(pl.Series([datetime(2024, 1, 1)])) is None
    assert other_epoch(pl.Series(["2024-01-01", None])) is None
    assert other_epoch(pl.Series([], dtype=pl.Int64)) is None
