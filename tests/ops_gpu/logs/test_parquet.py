from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ops_gpu.logs import InteractionLog, LogError, LogPlace, LogSource, days_of_files
from ops_gpu.logs.files import list_files
from ops_gpu.logs.reader import read_file

MOMENT = datetime(2024, 1, 1, 2, tzinfo=UTC)
ZONE = "+05:30"


def read(path: Path, columns: list[str]) -> pl.DataFrame:
    source = LogSource(path.name)
    (file,) = list_files(source, LogPlace(path.parent))
    return read_file(file, source, columns)[0]


def written(path: Path, kind: Any, value: Any) -> Path:
    table = pa.table({"user": [1, 2], "time": pa.array([value, None], kind)})
    pq.write_table(table, path / "x.parquet")
    return path / "x.parquet"


@pytest.mark.parametrize("zone", ["+05:30", "+05:45", "-03:30", "+01:00", "-08:00", "Asia/Kolkata", "Nowhere/X", "UTC"])
@pytest.mark.parametrize("unit", ["ns", "us", "ms", "s"])
def test_a_time_of_any_zone_is_its_moment(tmp_path: Path, zone: str, unit: str) -> None:
    path = written(tmp_path, pa.timestamp(unit, zone), MOMENT)
    frame = read(path, ["time", "user"])
    assert frame["user"].to_list() == [1, 2]
    assert frame["time"].dt.convert_time_zone("UTC").to_list() == [MOMENT, None]


def test_the_day_of_such_a_log_is_that_in_utc(tmp_path: Path) -> None:
    midnight = datetime(2024, 1, 1, 3, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    written(tmp_path, pa.timestamp("us", ZONE), midnight)
    log = InteractionLog(LogSource("x.parquet"), user="user", item="user", time="time")
    (days,) = days_of_files(log, LogPlace(tmp_path)).values()
    assert (days.error, days.days) == (None, (date(2023, 12, 31),))


TIME = pa.timestamp("us", ZONE)
NESTED = {
    "list": (pa.list_(TIME), [MOMENT]),
    "large list": (pa.large_list(TIME), [MOMENT]),
    "struct": (pa.struct([("t", TIME), ("n", pa.int64())]), {"t": MOMENT, "n": 1}),
    "deep": (pa.list_(pa.struct([("t", pa.list_(TIME))])), [{"t": [MOMENT]}]),
}


@pytest.mark.parametrize(("kind", "value"), NESTED.values(), ids=NESTED.keys())
def test_such_times_within_other_values(tmp_path: Path, kind: Any, value: Any) -> None:
    path = written(tmp_path, kind, value)
    assert read(path, ["time"])["time"].to_list()[0] == value
    assert read(path, ["user"])["user"].to_list() == [1, 2]  # and they are in nobody's way


def test_a_map_of_such_times_is_told_only_where_it_is_wanted(tmp_path: Path) -> None:
    path = written(tmp_path, pa.map_(pa.string(), pa.timestamp("us", ZONE)), [("k", MOMENT)])
    assert read(path, ["user"])["user"].to_list() == [1, 2]
    with pytest.raises(LogError, match=r"x\.parquet' holds times of a zone that cannot be read.*write them in UTC"):
        read(path, ["time"])


def test_a_missing_column_of_such_a_file_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, pa.timestamp("us", ZONE), MOMENT)
    with pytest.raises(LogError, match="no column 'rating', found: user, time"):
        read(path, ["rating"])
