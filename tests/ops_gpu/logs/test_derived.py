from __future__ import annotations

from datetime import datetime

import polars as pl

from ops_gpu.logs.derived import first_values, most_frequent


def moment(day: int) -> datetime:
    return datetime(2026, 1, day)


def test_the_earliest_value_that_is_there_the_smaller_at_one_time() -> None:
    rows = pl.DataFrame(
        {
            "id": [1, 1, 1, 2, 2, 3],
            "when": [moment(1), moment(2), moment(3), moment(5), moment(5), moment(1)],
            "name": [None, "b", "a", "z", "y", None],
            "price": [9.0, 2.0, 2.0, None, 4.0, None],
        }
    )
    expected = {1: ("b", 9.0), 2: ("y", 4.0), 3: (None, None)}
    for order in (rows, rows.reverse()):
        result = first_values(order, "id", "when")
        assert result.columns == ["id", "name", "price"]
        assert {row[0]: row[1:] for row in result.rows()} == expected


def test_what_comes_later_changes_no_first_value() -> None:
    rows = pl.DataFrame({"id": [1, 2], "when": [moment(1), moment(2)], "price": [3.0, 4.0]})
    later = pl.DataFrame({"id": [1, 1], "when": [moment(8), moment(9)], "price": [1.0, 1.0]})
    before = first_values(rows, "id", "when").sort("id")
    assert first_values(pl.concat([later, rows]), "id", "when").sort("id").equals(before)


def test_ids_and_times_alone() -> None:
    rows = pl.DataFrame({"id": [2, 1, 2], "when": [moment(1), moment(2), moment(3)]})
    assert sorted(first_values(rows, "id", "when").rows()) == [(1,), (2,)]


def test_the_most_frequent_value_the_smaller_on_a_tie() -> None:
    rows = pl.DataFrame({"id": [1, 1, 1, 2, 2, 3], "name": ["b", "a", "b", "z", "y", None]})
    for order in (rows, rows.reverse()):
        assert sorted(most_frequent(order, "id", "name").rows()) == [(1, "b"), (2, "y")]


def test_only_the_named_column_is_counted() -> None:
    rows = pl.DataFrame({"id": [1, 1, 1], "name": ["a", None, None], "other": [1, 2, 2]})
    assert most_frequent(rows, "id", "name").columns == ["id", "name"]
    assert most_frequent(rows, "id", "name").rows() == [(1, "a")]
