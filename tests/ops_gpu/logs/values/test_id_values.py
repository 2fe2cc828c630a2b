from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ops_gpu.logs import (
    EntityTable,
    IdTypes,
    InteractionLog,
    LogError,
    LogPlace,
    LogSource,
    decide_id_types,
    read_interactions,
    read_items,
)
from ops_gpu.logs.report import UNUSABLE
from ops_gpu.logs.values.id_values import IdType, canonical_ids, id_problems, require_ids
from ops_gpu.schema.id_limits import MAX_ID_BYTES, NULL_INTEGER

WIDEST, LARGEST = "é" * (MAX_ID_BYTES // 2), 2**63 - 1


def judged(values: pl.Series, kind: IdType) -> list[tuple[object, object]]:
    frame = values.alias("x").to_frame()
    columns = (ask("x", values.dtype, kind).alias(name) for name, ask in (("v", canonical_ids), ("p", id_problems)))
    return frame.select(*columns).rows()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pl.Series([LARGEST, NULL_INTEGER, -1, None]), [LARGEST, "reserved", -1, None]),
        (pl.Series([str(LARGEST), str(NULL_INTEGER), "x", ""]), [LARGEST, "reserved", "not_integer", None]),
        (pl.Series([2**63, 7], dtype=pl.UInt64), ["not_integer", 7]),
        (pl.Series([2**64, -(2**63) - 1], dtype=pl.Int128), ["not_integer", "not_integer"]),
        (pl.Series([7.0, 7.5, float("nan"), float("inf"), 1e300]), [7, "not_integer", None] + ["not_integer"] * 2),
    ],
    ids=["int64", "text", "uint64", "int128", "float"],
)
def test_integer_ids(values: pl.Series, expected: list[object]) -> None:
    assert judged(values, "integer") == [(None, e) if isinstance(e, str) else (e, None) for e in expected]


def test_text_ids() -> None:
    values = pl.Series(["a", WIDEST, WIDEST + "x", "a\0b", "\0", "", None, "x" * 20_000])
    problems = [None, None, "too_long", "zero_byte", "zero_byte", None, None, "too_long"]
    kept = ["a", WIDEST, None, None, None, None, None, None]
    assert judged(values, "string") == list(zip(kept, problems, strict=True))
    assert judged(pl.Series([2**63], dtype=pl.UInt64), "string") == [(str(2**63), None)]
    assert judged(pl.Series([1.5, float("nan")]), "string") == [("1.5", None), (None, None)]


NESTED = {"objects": [{"a": 1}], "lists": [[1, 2]]}
OTHERS = {"Float64": [17850.0, None], "Boolean": [True], "Date": [date(2024, 1, 1)]}


@pytest.mark.parametrize("held", NESTED)
@pytest.mark.parametrize("declared", ["auto", "integer", "string"])
def test_objects_and_lists_are_never_ids(held: str, declared: str) -> None:
    said = rf"'f\.jsonl' holds {held} in the column 'u', expected user ids, one number or text a row"
    for kind in ("integer", "string"):
        with pytest.raises(LogError, match=said):
            require_ids(pl.Series("u", NESTED[held]), kind, declared, "user", "f.jsonl")


@pytest.mark.parametrize("dtype", OTHERS)
def test_what_becomes_text_only_where_somebody_says_so(dtype: str) -> None:
    values = pl.Series("u", OTHERS[dtype])
    said = rf"holds user ids of the type {dtype}.* in the column 'u', such as .*say user_id_type"
    with pytest.raises(LogError, match=said):
        require_ids(values, "string", "auto", "user", "f.parquet")
    require_ids(values, "string", "string", "user", "f.parquet")
    require_ids(values, "integer", "integer", "user", "f.parquet")
    require_ids(values.clear(), "string", "auto", "user", "f.parquet")


def log_of(path: Path, **settings: Any) -> InteractionLog:
    return InteractionLog(LogSource(path.name), user="user", item="item", time="time", **settings)


def written(folder: Path, rows: list[dict[str, object]]) -> Path:
    path = folder / "log.jsonl"
    path.write_text("".join(json.dumps({"item": "a", "time": "2024-01-01", **row}) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("users", "said"),
    [
        ([{"id": 1}, {"id": 2}], "holds objects in the column 'user'"),
        ([[1], [2]], "holds lists in the column 'user'"),
        ([1.5, 2.5], "holds user ids of the type Float64 in the column 'user', such as 1.5"),
        ([True, False], "holds user ids of the type Boolean"),
    ],
    ids=["objects", "lists", "fractions", "truth values"],
)
def test_it_is_told_when_the_log_is_read(tmp_path: Path, users: list[object], said: str) -> None:
    path = written(tmp_path, [{"user": user} for user in users])
    with pytest.raises(LogError, match=said):
        decide_id_types(log_of(path), LogPlace(tmp_path))
    with pytest.raises(LogError, match=said):
        read_interactions(log_of(path), LogPlace(tmp_path), IdTypes("string", "string"))


def test_ids_that_nothing_downstream_could_hold_are_counted_with_an_example(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"user": LARGEST}, {"user": NULL_INTEGER}, {"user": 1, "item": "x" * 20_000}]
    rows += [{"user": 2, "item": "a\0"}, {"user": 3}]
    path, place = written(tmp_path, rows), LogPlace(tmp_path)
    ids = decide_id_types(log_of(path), place)
    assert ids == IdTypes("integer", "string")
    found = read_interactions(log_of(path), place, ids)
    assert found.frame["user_id"].to_list() == [LARGEST, 3]
    assert found.report.dropped == {"user_reserved": 1, "item_too_long": 1, "item_zero_byte": 1}
    assert set(found.report.dropped) <= set(UNUSABLE)
    assert found.report.examples["user_reserved"] == f"user = {NULL_INTEGER} in '{path}'"
    assert "xxx... (20,002 characters) in" in found.report.examples["item_too_long"]
    assert len(found.report.examples["item_too_long"]) < 150 + len(str(path))


def test_a_file_of_such_ids_alone_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [{"user": 1, "item": "x" * 307}])
    with pytest.raises(LogError, match=r"'item' is 'xxx.*\.\.\. .*, expected ids of at most 256 bytes in UTF-8"):
        read_interactions(log_of(path), LogPlace(tmp_path), IdTypes("integer", "string"))


def test_integers_beyond_64_bits_are_text(tmp_path: Path) -> None:
    pl.DataFrame(
        {"user": pl.Series([2**63, 2**64 - 1, 5], dtype=pl.UInt64), "item": [1, 2, 3], "time": ["2024-01-01"] * 3}
    ).write_parquet(tmp_path / "log.parquet")
    log, place = log_of(tmp_path / "log.parquet"), LogPlace(tmp_path)
    ids = decide_id_types(log, place)
    assert ids == IdTypes("string", "integer")
    found = read_interactions(log, place, ids)
    assert found.frame["user_id"].to_list() == [str(2**63), str(2**64 - 1), "5"]
    assert found.report.dropped == {}


def test_ids_written_as_decimals_are_not_rounded(tmp_path: Path) -> None:
    ids = pl.Series([2**60 + 1, 2**60 + 2]).cast(pl.Decimal(38, 0))
    pl.DataFrame({"user": ids, "item": [1, 2], "time": ["2024-01-01"] * 2}).write_parquet(tmp_path / "log.parquet")
    log, place = log_of(tmp_path / "log.parquet"), LogPlace(tmp_path)
    types = decide_id_types(log, place)
    assert read_interactions(log, place, types).frame["user_id"].to_list() == [2**60 + 1, 2**60 + 2]


def test_tables_count_them_too(tmp_path: Path) -> None:
    path, place = written(tmp_path, [{"user": 1}]), LogPlace(tmp_path)
    items = [{"id": "a"}, {"id": "x" * 300}, {"id": "y" * 300}, {"id": "\0"}, {"id": None}, {"id": ""}]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in items))
    table = EntityTable(LogSource("items.jsonl"), id="id")
    report = read_items(table, log_of(path), place, IdTypes("integer", "string")).report
    assert report.dropped == {"id_too_long": 2, "id_zero_byte": 1, "null_id": 2}
    assert report.examples["id_too_long"].startswith("id = 'xxx")
    (tmp_path / "items.jsonl").write_text(json.dumps({"id": {"$oid": "5f"}}) + "\n")
    with pytest.raises(LogError, match=r"items\.jsonl' holds objects in the column 'id', expected item ids"):
        read_items(table, log_of(path), place, IdTypes("integer", "string"))


@pytest.mark.parametrize(("dtype", "bits"), [(pl.Float64, 53), (pl.Float32, 24)], ids=["64 bits", "32 bits"])
def test_whole_numbers_that_a_float_has_rounded_are_counted(dtype: pl.DataType, bits: int) -> None:
    values = pl.Series([2.0**bits - 1, 2.0**bits, -(2.0**bits), 2.0 ** (bits + 3), None], dtype=dtype)
    problems = [None, "rounded", "rounded", "rounded", None]
    assert [problem for _, problem in judged(values, "integer")] == problems
    assert [problem for _, problem in judged(values, "string")] == problems
    assert judged(values, "integer")[0] == (2**bits - 1, None)


def test_no_two_users_become_one_without_a_word(tmp_path: Path) -> None:
    users = pl.Series([2**53 + 1, 2**53 + 2, 7], dtype=pl.Int64).cast(pl.Float64)
    frame = pl.DataFrame({"u": users, "i": [1, 2, 3], "t": [datetime(2024, 1, 1)] * 3})
    frame.write_parquet(tmp_path / "f.parquet")
    log = InteractionLog(LogSource("f.parquet"), "u", "i", "t", user_id_type="integer")
    report = read_interactions(log, LogPlace(tmp_path), IdTypes("integer", "integer")).report
    assert report.dropped == {"user_rounded": 2}
    assert "user_rounded" in UNUSABLE
