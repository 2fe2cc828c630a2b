from __future__ import annotations

import polars as pl
import pytest

from ops_gpu.logs.entities import EntityTable
from ops_gpu.logs.errors.log_error import LogError
from ops_gpu.logs.files.source import LogSource
from ops_gpu.logs.required_values import require_values

TABLE = EntityTable(LogSource("u.csv"), id="id", categorical=["country"], continuous=["age"], lists=["tags"])
TYPES = {"country": pl.String(), "age": pl.Float64(), "tags": pl.List(pl.String())}
FULL = {"country": [None, "DE"], "age": [3.0, None], "tags": [[], ["a"]]}


@pytest.mark.parametrize(
    ("lost", "setting"),
    [
        ({"country": [None, None]}, "categorical: country"),
        ({"age": [None, None]}, "continuous: age"),
        ({"tags": [[], []]}, "lists: tags"),
        ({"tags": [None, []]}, "lists: tags"),
    ],
)
def test_a_column_without_any_value_is_refused(lost: dict[str, list[object]], setting: str) -> None:
    with pytest.raises(LogError, match=rf"'u.csv' has no value in the column .* in any of 2 rows.*\({setting}\); "):
        require_values(pl.DataFrame(FULL | lost, schema=TYPES), TABLE, "u.csv")


@pytest.mark.parametrize("rows", [FULL, {name: [] for name in TYPES}])
def test_one_value_is_enough_and_no_row_is_no_column_of_nulls(rows: dict[str, list[object]]) -> None:
    require_values(pl.DataFrame(rows, schema=TYPES), TABLE, "u.csv")
