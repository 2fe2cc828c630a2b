from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.contract import contract_breaches
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


def of(column: ColumnSchema, values: object, dtype: object = None) -> list[str]:
    frame = pl.DataFrame({column.name: pl.Series(values, dtype=dtype)})  # type: ignore[arg-type]
    found = contract_breaches(frame, Schema([column]))
    assert contract_breaches(frame.lazy(), Schema([column])) == found
    return found


def column(dtype: str = "int64", **changes: object) -> ColumnSchema:
    return ColumnSchema("a", dtype, **changes)  # type: ignore[arg-type]


LENGTHS = column(is_list=True, value_count=Domain(1, 2))


def test_a_frame_that_keeps_the_contract() -> None:
    frame = pl.DataFrame({"a": [1, 2], "l": [[1.0], []], "t": ["x", None], "more": [1, 2]})
    assert contract_breaches(frame, Schema.from_polars(frame.drop("more"))) == []
    assert contract_breaches(frame.clear(), Schema.from_polars(frame)) == []
    assert contract_breaches(frame, Schema()) == []


def test_what_is_required_holds_no_null() -> None:
    frame = pl.DataFrame({"a": [1, 2], "l": [[1.0], None], "t": ["x", None]})
    schema = Schema.from_polars(frame)
    assert contract_breaches(frame, schema) == contract_breaches(frame, schema, ["a"]) == []
    assert contract_breaches(frame, schema, ["t"]) == [
        "column 't' should hold no null and holds null in 1 of 2 rows, the first in row 1"
    ]


@pytest.mark.parametrize(
    ("broken", "values", "dtype", "sentence"),
    [
        (column(), ["x", None, "y"], None, "should be int64 and is string in 2 of 3 rows, for example 'x'"),
        (column("int32"), [5], pl.Int64, "should be int32 and is int64 in 1 of 1 rows, for example 5"),
        (column(), [[1], [2]], None, "should be int64 and is a list of int64 in 2 of 2 rows, for example [1]"),
        (column(is_list=True), [1], None, "should be a list of int64 and is int64 in 1 of 1 rows, for example 1"),
        (
            column(),
            [{"x": 1}],
            None,
            "should be int64 and is Struct({'x': Int64}) in 1 of 1 rows, for example {'x': 1}",
        ),
        (
            column(domain=Domain(0, 10)),
            [0, 10, None, 11, -1],
            None,
            "should hold values from 0 to 10 and does not in 2 of 5 rows, for example 11",
        ),
        (
            column("float64", domain=Domain(max=1.5)),
            [1.0, float("nan"), None, float("inf")],
            None,
            "should hold values of at most 1.5 and does not in 1 of 4 rows, for example inf",
        ),
        (
            column(is_list=True, domain=Domain(1)),
            [[1, 0, -1], [], None, [None, 2], [0]],
            None,
            "should hold values of at least 1 and does not in 2 of 5 rows, for example 0",
        ),
        (
            LENGTHS,
            [[1], [1, 2, 3], [], None],
            None,
            "should hold lists from 1 to 2 long and does not in 3 of 4 rows, for example 3",
        ),
        (
            column(tags={Tags.USER_ID}),
            [1, None, None],
            None,
            "should hold ids and holds null in 2 of 3 rows, the first in row 1",
        ),
        (
            column(is_list=True, tags={Tags.ITEM_ID}),
            [[1], None, [2, None]],
            None,
            "should hold ids and holds null in 1 of 3 rows, the first in row 2",
        ),
        (
            column("string", tags={Tags.ITEM_ID}),
            [None, None],
            pl.Null,
            "should hold ids and holds null in 2 of 2 rows, the first in row 0",
        ),
    ],
)
def test_a_breach_is_a_sentence(broken: ColumnSchema, values: object, dtype: object, sentence: str) -> None:
    assert of(broken, values, dtype) == [f"column 'a' {sentence}"]


def test_what_is_missing_and_in_which_order() -> None:
    schema = Schema([column(), ColumnSchema("b", "string", is_list=True)])
    assert contract_breaches(pl.DataFrame({"c": [1, 2]}), schema) == [
        "column 'a' should be int64 and is missing in 2 of 2 rows",
        "column 'b' should be a list of string and is missing in 2 of 2 rows",
    ]
    empty = pl.DataFrame(schema={"a": pl.String})
    assert contract_breaches(empty, Schema([column()])) == ["column 'a' should be int64 and is string in 0 of 0 rows"]


@pytest.mark.parametrize(
    ("expected", "found", "fine"),
    [
        ("int64", pl.Int8, True),
        ("int64", pl.UInt32, True),
        ("int64", pl.UInt64, False),
        ("int32", pl.Int64, False),
        ("uint64", pl.Int8, False),
        ("uint64", pl.UInt8, True),
        ("float64", pl.Float32, True),
        ("float32", pl.Float64, False),
        ("float64", pl.Int64, False),
        ("string", pl.Categorical, True),
        ("datetime", pl.Datetime("ns"), True),
        ("datetime", pl.Date, False),
        ("bool", pl.Int8, False),
        ("string", pl.Null, True),
    ],
)
def test_which_types_are_fine(expected: str, found: pl.DataType, fine: bool) -> None:
    for dtype, is_list in ((found, False), (pl.List(found), True)):
        breaches = of(column(expected, is_list=is_list), [], dtype)
        assert len(breaches) == (not fine)


def test_a_column_seen_as_null_alone_fits_any_type() -> None:
    assert of(Schema.from_polars(pl.DataFrame({"a": [None]}))["a"], ["x"]) == []


def test_arrays_are_lists() -> None:
    array = pl.Array(pl.Int64, 3)
    assert of(column(is_list=True), [[1, 2, 3]], array) == []
    assert len(of(LENGTHS, [[1, 2, 3]], array)) == 1
    assert len(of(column(is_list=True, domain=Domain(0, 2)), [[1, 2, 3]], array)) == 1


def test_several_breaches_of_files(tmp_path: Path) -> None:
    frame = pl.DataFrame({"user_id": [1, None, 200], "text": ["x" * 100, "y", "z"]})
    frame.write_parquet(tmp_path / "rows.parquet")
    schema = Schema(
        [ColumnSchema("user_id", "int64", frozenset({Tags.USER_ID}), domain=Domain(0, 99)), ColumnSchema("text")]
    )
    found = contract_breaches(pl.scan_parquet(tmp_path / "rows.parquet"), schema)
    assert [sentence.partition(" in ")[0] for sentence in found] == [
        "column 'user_id' should hold values from 0 to 99 and does not",
        "column 'user_id' should hold ids and holds null",
        "column 'text' should be float32 and is string",
    ]
    assert found[2].endswith("xxx...")
