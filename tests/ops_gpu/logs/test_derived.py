from __future__ import annotations

import polars as pl

from ops_gpu.logs.derived import most_frequent


def test_the_most_frequent_value_the_smaller_on_a_tie() -> None:
    rows = pl.DataFrame(
        {
            "id": [1, 1, 1, 2, 2, 3],
            "name": ["b", "a", "b", "z", "y", None],
            "price": [1.0, 2.0, 9.0, None, 4.0, None],
        }
    )
    expected = {1: ("b", 2.0), 2: ("y", 4.0), 3: (None, None)}
    for order in (rows, rows.reverse()):
        result = most_frequent(order, "id")
        assert {row[0]: row[1:] for row in result.rows()} == expected


def test_ids_alone() -> None:
    assert sorted(most_frequent(pl.DataFrame({"id": [2, 1, 2]}), "id").rows()) == [(1,), (2,)]
