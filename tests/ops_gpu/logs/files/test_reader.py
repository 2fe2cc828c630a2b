from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from ops_gpu.logs import LogError, LogPlace, LogSource
from ops_gpu.logs.files.listing import list_files
from ops_gpu.logs.files.reader import read_file


def read(path: Path, columns: list[str], **settings: object) -> pl.DataFrame:
    source = LogSource(path.name, **settings)  # type: ignore[arg-type]
    (file,) = list_files(source, LogPlace(path.parent))
    return read_file(file, source, columns)[0]


def test_parquet_keeps_types_and_selects(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"a": [1, 2], "b": ["x", "y"], "c": [1.5, None], "d": pl.Series(["u", "v"], dtype=pl.Categorical)}
    ).with_columns(e=pl.Series([Decimal("1.5"), None]), f=pl.Series(["é".encode(), None]))
    frame.write_parquet(tmp_path / "x.parquet")
    read_back = read(tmp_path / "x.parquet", ["d", "a", "e", "f"])
    assert read_back.schema == {"d": pl.String, "a": pl.Int64, "e": pl.Float64, "f": pl.String}
    assert read_back.rows() == [("u", 1, 1.5, "é"), ("v", 2, None, None)]


def test_json_lines_keep_types_and_may_be_packed(tmp_path: Path) -> None:
    data = b'{"u": 1, "tags": ["a", "b"], "t": "2020-01-01"}\n{"u": 2, "extra": 3}\n'
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(data))
    frame = read(tmp_path / "x.jsonl.gz", ["u", "tags"])
    assert frame.rows() == [(1, ["a", "b"]), (2, None)]


def test_a_late_type_of_json_is_seen(tmp_path: Path) -> None:
    lines = ['{"u": null}'] * 300 + ['{"u": "x1"}']
    (tmp_path / "x.jsonl").write_text("\n".join(lines))
    assert read(tmp_path / "x.jsonl", ["u"])["u"][-1] == "x1"


def test_an_empty_json_file_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("")
    assert read(tmp_path / "x.jsonl", ["u"]).is_empty()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.parquet", b"PAR1 not really", "is not a readable Parquet file"),
        ("x.parquet", b"", "is not a readable Parquet file"),
        ("x.jsonl", b'{"u": 1}\n{"u": ', "is not a file of JSON lines"),
        ("x.jsonl", b"hello\n", "is not a file of JSON lines"),
        ("x.csv.gz", gzip.compress(b"u\n1\n" * 99, mtime=0)[:-9], "is a damaged gzip file"),
    ],
    ids=["parquet", "empty parquet", "cut json", "no json", "cut gzip"],
)
def test_damaged_files_are_named_in_one_sentence(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LogError, match=said) as raised:
        read(tmp_path / name, ["u"])
    assert str(tmp_path / name) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["x.parquet", "x.jsonl"])
def test_a_missing_column_is_told_with_those_found(tmp_path: Path, name: str) -> None:
    frame = pl.DataFrame({"user": [1], "item": [2]})
    frame.write_parquet(tmp_path / name) if name == "x.parquet" else frame.write_ndjson(tmp_path / name)
    with pytest.raises(LogError, match="no column 'rating', found: user, item"):
        read(tmp_path / name, ["user", "rating"])
