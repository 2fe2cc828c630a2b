from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from ops_gpu.logs import LogError
from ops_gpu.logs.features import categorical, continuous, listed


def test_categories() -> None:
    assert categorical(pl.Series("x", ["a", "", None])).to_list() == ["a", None, None]
    assert categorical(pl.Series("x", [1, None], dtype=pl.Int16)).dtype == pl.Int64
    assert categorical(pl.Series("x", [True, None])).to_list() == ["true", None]


def test_numbers() -> None:
    values, wrong = continuous(pl.Series("x", ["1.5", " 2 ", "?", None]), "f")
    assert (values.to_list(), wrong) == ([1.5, 2.0, None, None], 1)
    values, wrong = continuous(pl.Series("x", [float("nan"), 1.0]), "f")
    assert (values.to_list(), wrong) == ([None, 1.0], 0)
    assert continuous(pl.Series("x", [date(1970, 1, 3)]), "f")[0].to_list() == [2.0]
    assert continuous(pl.Series("x", [True]), "f")[0].to_list() == [1.0]


def test_no_number_at_all_is_an_error() -> None:
    with pytest.raises(LogError, match=r"'f\.csv' holds no number in the column 'x', found 'red'"):
        continuous(pl.Series("x", ["red", None]), "f.csv")
    assert continuous(pl.Series("x", [None, None], dtype=pl.String), "f")[0].to_list() == [None, None]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pl.Series("x", ["a|b", " c | ", "", None]), [["a", "b"], ["c"], [], []]),
        (pl.Series("x", [["a", None], [], None]), [["a"], [], []]),
        (pl.Series("x", [[1, 2], None]), [[1, 2], []]),
        (pl.Series("x", [[1, 2], [3, 4]], dtype=pl.Array(pl.Int32, 2)), [[1, 2], [3, 4]]),
        (pl.Series("x", [5, None]), [["5"], []]),
    ],
)
def test_lists(values: pl.Series, expected: list[list[object]]) -> None:
    result = listed(values, "|")
    assert result.to_list() == expected
    assert result.name == "x"
