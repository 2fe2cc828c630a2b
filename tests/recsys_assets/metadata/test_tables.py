from __future__ import annotations

import polars as pl

from recsys_assets.metadata.tables import frame_metadata, table


def test_cells_cannot_break_the_table() -> None:
    found = table(["a"], [["x|y\nz"], [None], [True], [[1, 2]], [0.123456]])
    assert found.splitlines() == ["| a |", "| --- |", "| x\\|y z |", "|  |", "| yes |", "| 1, 2 |", "| 0.1235 |"]


def test_schema_rows_and_sample_of_a_frame() -> None:
    frame = pl.DataFrame({"user_id": [1, 2], "genres": [["a", "b"], []]})
    found = frame_metadata(frame, {"user_id": "as in the log"})
    columns = found["dagster/column_schema"].columns
    assert [(c.name, c.type, c.description) for c in columns] == [
        ("user_id", "Int64", "as in the log"),
        ("genres", "List(String)", None),
    ]
    assert found["dagster/row_count"] == 2
    assert "| 1 | a, b |" in found["sample"].value
