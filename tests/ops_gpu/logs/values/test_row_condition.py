from __future__ import annotations

import polars as pl
import pytest

from ops_gpu.logs import LogError
from ops_gpu.logs.values.row_condition import RowCondition


def mask(text: str, **columns: list[object]) -> list[bool | None]:
    return RowCondition(text, "label").mask(pl.DataFrame(columns, strict=False), "log.csv").to_list()


def test_text_is_compared_as_a_number() -> None:
    assert mask("rating >= 8", rating=["10", "9", "7", "8.0", None, "x"]) == [
        True,
        True,
        False,
        True,
        None,
        None,
    ]


def test_text_is_compared_as_text_where_the_expression_says_so() -> None:
    assert mask("code <> 'POST'", code=["POST", "22"]) == [False, True]
    assert mask(r"REGEXP_LIKE(code, '^\d{5}')", code=["85123A", "22423", "D"]) == [True, True, False]
    assert mask("invoice NOT LIKE 'C%'", invoice=["C536379", "536365"]) == [False, True]


def test_the_reading_does_not_depend_on_the_rows() -> None:
    """A file whose codes all look like numbers is read like one where they do not."""
    assert mask(r"REGEXP_LIKE(code, '^\d{5}')", code=["22423"]) == [True]


def test_several_columns_are_read_each_in_its_way() -> None:
    assert mask("Quantity * Price > 5 AND code <> 'D'", Quantity=["2", "9"], Price=["3", "1"], code=["A", "D"]) == [
        True,
        False,
    ]
    assert mask("a > b", a=["10", "9"], b=["9", "10"]) == [True, False]


def test_being_null_is_asked_of_the_text() -> None:
    assert mask("customer IS NOT NULL", customer=["abc", None]) == [True, False]
    assert mask("n IS NOT NULL AND n > 1", n=["2", None]) == [True, False]


def test_truth_values_in_text() -> None:
    assert mask("clicked = TRUE", clicked=["true", "0", "F", None, "?"]) == [True, False, False, None, None]
    assert mask("clicked", clicked=[True, False, None]) == [True, False, None]


def test_not_a_number_is_no_value() -> None:
    assert mask("x > 0", x=[float("nan"), 1.0]) == [None, True]
    assert mask("x > 0", x=["nan", "1"]) == [None, True]


def test_quoted_names_with_spaces() -> None:
    assert mask('"Star Rating" > 3', **{"Star Rating": ["4", "2"]}) == [True, False]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rating >=", "is not an SQL expression"),
        ("rating >= 8; DROP TABLE x", "is not an SQL expression"),
        ("nonsense(rating)", "is not an SQL expression"),
        ("1 = 1", "names no column"),
    ],
)
def test_what_does_not_parse_is_told_at_once(text: str, said: str) -> None:
    with pytest.raises(LogError, match=said) as raised:
        RowCondition(text, "label")
    assert str(raised.value).startswith(f"label '{text}'")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stars >= 8", "names the column 'stars', which 'log.csv' does not have; found: rating, ok"),
        ("rating + 1", "its result is Float64, not true or false"),
        ("rating = 'a' AND rating > 3", "does not apply to the columns of 'log.csv'"),
    ],
)
def test_what_does_not_apply_is_told_with_the_file(text: str, said: str) -> None:
    with pytest.raises(LogError, match=said):
        mask(text, rating=["1"], ok=[True])


def test_too_many_text_columns_are_refused() -> None:
    names = "abcdef"
    with pytest.raises(LogError, match="at most 5"):
        mask(" AND ".join(f"{n} > 0" for n in names), **{n: ["1"] for n in names})


@pytest.mark.parametrize(
    "function", ["SPLIT_PART(s, 'a', 1)", "LOWER(SPLIT_PART(s, 'a', 1))", "LEFT(s, 1)", "UPPER(s)"]
)
def test_functions_of_texts_are_asked_of_texts(function: str) -> None:
    for rows in (["xa", "1", None], [None, "1"], ["b"]):
        assert mask(f"{function} = 'x'", s=rows) == mask(f"{function} = 'x' AND s <> 'a'", s=rows)
    assert mask(f"{function} <> '7'", s=["xa", None]) == [True, None]
