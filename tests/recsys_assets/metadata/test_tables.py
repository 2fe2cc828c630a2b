from __future__ import annotations

import subprocess
import sys

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


KEPT = """
import weakref
import polars as pl
from recsys_assets.metadata.tables import frame_metadata

def described():
    frame = pl.DataFrame({"user_id": [1, 2]})
    assert frame_metadata(frame)["dagster/row_count"] == 2
    return weakref.ref(frame)

print(described()() is None)
"""


def test_a_frame_is_gone_once_it_was_described() -> None:
    """In a process of its own: Dagster keeps what is known by name where such a table is made first."""
    done = subprocess.run([sys.executable, "-c", KEPT], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "True"
