from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest

from ops_gpu.logs import IdTypes, InteractionLog, LogError, LogSource
from ops_gpu.logs.cleaning import RAW, CleanedFile, clean

INTEGERS = IdTypes("integer", "integer")
GOOD = {"u": "1", "i": "5", "t": "1300000000", "r": "9"}


def cleaned(rows: list[dict[str, Any]], malformed: int = 0, **settings: Any) -> CleanedFile:
    raw = pl.DataFrame([GOOD | row for row in rows], schema=dict.fromkeys(GOOD, pl.String))
    log = InteractionLog(LogSource("x.csv"), user="u", item="i", time="t", **{"label": "r > 5", **settings})
    return clean(raw, malformed, log, INTEGERS, "x.csv", ["r"])


def test_a_usable_row() -> None:
    frame = cleaned([{}], continuous=["r"]).frame
    assert frame.row(0, named=True) == {
        "user_id": 1,
        "item_id": 5,
        "timestamp": datetime(2011, 3, 13, 7, 6, 40),
        "label": True,
        "r": 9.0,
        RAW + "r": "9",
    }


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"u": None}, "null_user"),
        ({"u": None, "i": None, "t": None}, "null_user"),
        ({"i": ""}, "null_item"),
        ({"u": "x"}, "user_not_integer"),
        ({"i": "5.5"}, "item_not_integer"),
        ({"t": None}, "null_time"),
        ({"t": "soon"}, "unreadable_time"),
        ({"r": None}, "null_label"),
        ({"u": None, "r": "0"}, "filtered"),
    ],
)
def test_each_row_is_left_out_for_one_reason(row: dict[str, Any], reason: str) -> None:
    result = cleaned([{}, row], filters="r > 0 OR r IS NULL")
    assert result.reasons == {reason: 1}
    assert (result.rows, result.frame.height) == (2, 1)


def test_an_example_is_kept() -> None:
    result = cleaned([{}, {"u": "abc"}, {"u": "def"}, {"t": "soon"}])
    assert result.examples == {
        "user_not_integer": "u = 'abc' in 'x.csv'",
        "unreadable_time": "t = 'soon' in 'x.csv'",
    }


def test_lines_that_could_not_be_split_count() -> None:
    result = cleaned([{}], malformed=2)
    assert (result.rows, result.reasons) == (3, {"too_many_fields": 2})


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"u": None}, "column 'u' is null, expected user ids; name the right column as user"),
        ({"i": None}, "column 'i' is null, expected item ids"),
        ({"u": "abc"}, r"column 'u' is 'abc', expected integer ids.*user_id_type: string"),
        ({"t": "soon"}, r"column 't' is 'soon', expected times \(time_unit: auto\)"),
        ({"r": "good"}, "column 'r' is 'good', expected values that answer the label 'r > 5'"),
    ],
)
def test_a_file_without_any_usable_row_is_refused(row: dict[str, Any], said: str) -> None:
    with pytest.raises(LogError, match=said) as raised:
        cleaned([row, row])
    assert str(raised.value).startswith("'x.csv' has no usable row: in 2 of 2 rows")


def test_a_file_of_overlong_lines_is_refused() -> None:
    with pytest.raises(LogError, match=r"'x\.csv' has too many fields with separator ',' in 4 of 4 lines"):
        cleaned([], malformed=4)


def test_filters_may_leave_nothing() -> None:
    assert cleaned([{}], filters=["r > 100"]).frame.is_empty()


def test_an_empty_file_is_no_error() -> None:
    assert cleaned([]).frame.is_empty()
