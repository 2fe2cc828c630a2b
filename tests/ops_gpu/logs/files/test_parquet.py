from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ops_gpu.logs import InteractionLog, LogError, LogPlace, LogSource, days_of_files
from ops_gpu.logs.files.listing import list_files
from ops_gpu.logs.files.reader import read_file

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


FIXED = {
    "plain": (pa.list_(pa.int64(), 2), [[1, 2], [3, 4], [5, 6]]),
    "null list": (pa.list_(pa.int64(), 2), [[1, 2], None, [3, 4]]),
    "null within": (pa.list_(pa.int64(), 2), [[1, None], None, [3, 4]]),
    "text": (pa.list_(pa.string(), 1), [["a"], None, ["b"]]),
    "of lists": (pa.list_(pa.list_(pa.int64(), 2), 1), [[[1, 2]], None, [[3, 4]]]),
    "struct": (pa.struct([("a", pa.list_(pa.int64(), 2))]), [{"a": [1, 2]}, {"a": None}, {"a": [3, 4]}]),
    "zone": (pa.list_(TIME, 1), [[MOMENT], None, [MOMENT]]),
}


@pytest.mark.parametrize(("kind", "values"), FIXED.values(), ids=FIXED.keys())
def test_lists_of_one_length_are_lists(tmp_path: Path, kind: Any, values: Any) -> None:
    waited = [timedelta(days=n) for n in range(3)]  # a type that Parquet alone does not know
    table = pa.table({"v": pa.array(values, kind), "wait": pa.array(waited, pa.duration("us"))})
    pq.write_table(table, tmp_path / "x.parquet")
    frame = read(tmp_path / "x.parquet", ["v", "wait"])
    assert frame.columns == ["v", "wait"]
    assert frame["v"].to_list() == values
    assert frame["wait"].to_list() == waited


def test_lists_of_one_length_as_polars_writes_them(tmp_path: Path) -> None:
    values = [[1, 2], None, [3, None]]
    pl.DataFrame({"v": pl.Series(values, dtype=pl.Array(pl.Int64, 2))}).write_parquet(tmp_path / "x.parquet")
    assert read(tmp_path / "x.parquet", ["v"])["v"].to_list() == values


def test_a_damaged_list_of_one_length_ends_nobody(tmp_path: Path) -> None:
    """In a process of its own, which must live: a reader that asks for as much memory as the file says ends it."""
    lists = pl.Series([[k % 5, k % 3] for k in range(200)], dtype=pl.Array(pl.Int64, 2))
    pl.DataFrame({"v": lists, "s": [f"t{k}" for k in range(200)]}).write_parquet(tmp_path / "x.parquet")
    done = subprocess.run([sys.executable, "-c", DAMAGE, str(tmp_path / "x.parquet")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.removeprefix("told")) > 100, done.stdout


DAMAGE = """
import sys
from pathlib import Path
import pyarrow.parquet as pq
from ops_gpu.logs import LogError, LogPlace, LogSource
from ops_gpu.logs.files.listing import list_files
from ops_gpu.logs.files.reader import read_file
path = Path(sys.argv[1])
whole, told = path.read_bytes(), 0
pages = [pq.ParquetFile(path).metadata.row_group(0).column(number).data_page_offset for number in (0, 1)]
for place in [*(page + n for page in pages for n in range(32)), *range(len(whole) - 400, len(whole) - 8, 3)]:
    for sign in (0x7F, 0xED, 0xFF):
        path.write_bytes(whole[:place] + bytes([sign]) + whole[place + 1 :])
        try:
            (file,) = list_files(LogSource(path.name), LogPlace(path.parent))
            read_file(file, LogSource(path.name), ["v", "s"])
        except LogError as error:
            assert str(path) in str(error)
            told += 1
print("told", told)
"""
