from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from ops_gpu.logs import LogError
from ops_gpu.logs.values.features import categorical, continuous, listed

INF, NAN = float("inf"), float("nan")


def test_categories() -> None:
    assert categorical(pl.Series("x", ["a", "", None]), "f")[0].to_list() == ["a", None, None]
    assert categorical(pl.Series("x", [1, None], dtype=pl.Int16), "f")[0].dtype == pl.Int64
    assert categorical(pl.Series("x", [True, None]), "f")[0].to_list() == ["true", None]
    values, wrong = categorical(pl.Series("x", [1.5, NAN, INF, -INF, None]), "f")
    assert (values.to_list(), wrong) == (["1.5", None, None, None, None], 2)
    assert categorical(pl.Series("x", [2**63, 1], dtype=pl.UInt64), "f")[0].to_list() == [str(2**63), "1"]


@pytest.mark.parametrize(
    ("values", "expected", "wrong"),
    [
        (pl.Series("x", [1, None]), [1, None], 0),
        (pl.Series("x", ["1", " 2.0 ", "", None, "red"]), [1, 2, None, None, None], 1),
        (pl.Series("x", [17.0, NAN, 1.5, INF]), [17, None, None, None], 2),
        (pl.Series("x", [None, None]), [None, None], 0),
        (pl.Series("x", [2**63, 1], dtype=pl.UInt64), [None, 1], 1),
    ],
    ids=["integers", "text", "fractions", "nothing", "wide"],
)
def test_categories_that_were_decided_to_be_integers(values: pl.Series, expected: list[object], wrong: int) -> None:
    found, lost = categorical(values, "f", "integer")
    assert (found.to_list(), found.dtype, lost) == (expected, pl.Int64, wrong)


def test_categories_that_were_decided_to_be_text() -> None:
    assert categorical(pl.Series("x", [1, None]), "f", "string")[0].to_list() == ["1", None]
    assert categorical(pl.Series("x", [None]), "f", "string")[0].dtype == pl.String


def test_a_category_is_written_alike_by_every_type() -> None:
    for values in (pl.Series("c", ["17", "x"]), pl.Series("c", [17, 18]), pl.Series("c", [17.0, None])):
        assert categorical(values, "f", "string")[0][0] == "17"


def test_no_integer_at_all_is_an_error() -> None:
    with pytest.raises(LogError, match=r"no number in the column 'x', found 'red', expected an integer"):
        categorical(pl.Series("x", ["red", None]), "f", "integer")


def test_numbers() -> None:
    values, wrong = continuous(pl.Series("x", ["1.5", " 2 ", "?", None]), "f")
    assert (values.to_list(), wrong) == ([1.5, 2.0, None, None], 1)
    values, wrong = continuous(pl.Series("x", [NAN, 1.0]), "f")
    assert (values.to_list(), wrong) == ([None, 1.0], 0)
    assert continuous(pl.Series("x", [date(1970, 1, 3)]), "f")[0].to_list() == [2.0]
    assert continuous(pl.Series("x", [True]), "f")[0].to_list() == [1.0]


@pytest.mark.parametrize(
    "values",
    [
        [INF, 1.0, -INF],
        ["inf", "1", "-Infinity"],
        ["1e400", "1", "-1e999"],
        [1e39, 1.0, -3.41e38],
        ["1e39", "1", "-1.7e308"],
    ],
    ids=["infinite", "text", "beyond Float64", "beyond Float32", "text beyond Float32"],
)
def test_an_infinite_number_is_none_and_is_counted(values: list[object]) -> None:
    found, wrong = continuous(pl.Series("x", values), "f")
    assert (found.to_list(), wrong) == ([None, 1.0, None], 2)
    with pytest.raises(LogError, match=r"holds no number in the column 'x', found '?(inf|1e400|1e\+?39)'?,"):
        continuous(pl.Series("x", values[:1]), "f")


def test_the_largest_number_of_float32_is_one() -> None:
    largest = float(np.finfo(np.float32).max)
    assert continuous(pl.Series("x", [largest, -largest, NAN, None]), "f")[0].to_list() == [
        largest,
        -largest,
        None,
        None,
    ]


def test_no_number_at_all_is_an_error() -> None:
    with pytest.raises(LogError, match=r"'f\.csv' holds no number in the column 'x', found 'red'"):
        continuous(pl.Series("x", ["red", None]), "f.csv")
    assert continuous(pl.Series("x", [None, None], dtype=pl.String), "f")[0].to_list() == [None, None]


@pytest.mark.parametrize(
    ("values", "expected", "wrong"),
    [
        (pl.Series("x", ["a|b", " c | ", "", None]), [["a", "b"], ["c"], [], []], 0),
        (pl.Series("x", [["a", None], [], None]), [["a"], [], []], 0),
        (pl.Series("x", [[1, 2], None]), [[1, 2], []], 0),
        (pl.Series("x", [[1, 2], [3, 4]], dtype=pl.Array(pl.Int32, 2)), [[1, 2], [3, 4]], 0),
        (pl.Series("x", [5, None]), [["5"], []], 0),
        (pl.Series("x", [[1.5, NAN, INF], [-INF], None]), [["1.5"], [], []], 2),
        (pl.Series("x", [[2**63, 1]], dtype=pl.List(pl.UInt64)), [[str(2**63), "1"]], 0),
        (pl.Series("x", [], dtype=pl.List(pl.Float64)), [], 0),
        (pl.Series("x", [None, None]), [[], []], 0),
    ],
    ids=["text", "lists", "integers", "arrays", "one value", "fractions", "wide", "no row", "nothing"],
)
def test_lists(values: pl.Series, expected: list[list[object]], wrong: int) -> None:
    result, lost = listed(values, "|", "f")
    assert (result.to_list(), result.name, lost) == (expected, "x", wrong)


@pytest.mark.parametrize("values", [[{"a": 1}], [[1]]], ids=["objects", "lists"])
def test_one_value_a_row(values: list[object]) -> None:
    for read in (categorical, continuous):
        with pytest.raises(LogError, match=r"'f' holds (objects|lists) in the column 'x', expected one value a row"):
            read(pl.Series("x", values), "f")


@pytest.mark.parametrize("values", [[{"a": 1}], [[{"a": 1}]], [[[1]]]], ids=["objects", "of objects", "of lists"])
def test_one_level_of_lists(values: list[object]) -> None:
    with pytest.raises(LogError, match=r"'f' holds (objects|lists) in the column 'x', expected one value a row"):
        listed(pl.Series("x", values), "|", "f")


WHOLE = {
    "whole": ([1.0, NAN, None, INF], [1, None, None, None]),
    "halves too": ([1.0, 1.5, None], ["1", "1.5", None]),
    "rounded": ([1.0, 2.0**53], ["1", "9007199254740992.0"]),
    "nothing": ([NAN, None], [None, None]),
}


@pytest.mark.parametrize(("values", "expected"), WHOLE.values(), ids=WHOLE)
def test_whole_numbers_of_floats_are_written_as_integers(values: list[float], expected: list[object]) -> None:
    assert categorical(pl.Series("x", values, dtype=pl.Float64), "f")[0].to_list() == expected
    lists = pl.Series("x", [values, [], None], dtype=pl.List(pl.Float64))
    assert listed(lists, "|", "f")[0].to_list() == [[value for value in expected if value is not None], [], []]
    texts = [[str(value)] if value is not None else [] for value in expected]
    assert listed(pl.Series("x", values, dtype=pl.Float64), "|", "f")[0].to_list() == texts


def test_what_a_float_has_rounded_is_no_integer() -> None:
    values, wrong = categorical(pl.Series("x", [17.0, 2.0**53, -(2.0**60)]), "f", "integer")
    assert (values.to_list(), wrong) == ([17, None, None], 2)
    values, wrong = categorical(pl.Series("x", [17.0, 2.0**24], dtype=pl.Float32), "f", "integer")
    assert (values.to_list(), wrong) == ([17, None], 1)
