"""JoinExternal: columns of another table."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ops_gpu.operators import Categorify, JoinExternal
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow

ITEMS = pl.DataFrame({"id": [1, 2, None], "price": [0.5, None, 9.0], "name": ["a", "b", "none"]})
FRAME = pl.DataFrame({"item": [2, 1, 7, None, 1], "day": [1, 2, 3, 4, 5]})


def joined(frame: pl.DataFrame, columns: list[str], *args: Any, **kwargs: Any) -> dict[str, list[Any]]:
    return Workflow(columns >> JoinExternal(*args, **kwargs)).fit(frame).transform(frame).to_dict(as_series=False)


def test_rows_stay_and_columns_come() -> None:
    found = joined(FRAME, ["item", "day"], ITEMS, on="item", on_ext="id")
    assert found == FRAME.to_dict(as_series=False) | {
        "price": [None, 0.5, None, 9.0, 0.5],
        "name": ["b", "a", None, "none", "a"],
    }
    assert list(joined(FRAME, ["day"], ITEMS, on="item", on_ext="id", columns_ext=["name"])) == ["day", "item", "name"]


def test_keys_may_be_several_and_of_other_sizes() -> None:
    table = pl.DataFrame({"a": [1, 1], "b": ["x", "y"], "v": [10, 11]})
    frame = pl.DataFrame({"a": [1, 1, 2], "b": ["y", "z", "x"]}, schema_overrides={"a": pl.Int8})
    assert joined(frame, ["a", "b"], table, on=["a", "b"])["v"] == [11, None, None]
    with pytest.raises(ValueError, match="column 'a' is of type String, and was Int64"):
        joined(frame.cast(pl.String), ["a", "b"], table, on=["a", "b"])


def test_a_key_that_comes_twice_never_multiplies_rows() -> None:
    """NVTabular's merge gives a row more for each."""
    table = pl.DataFrame({"item": [1, 2, 1], "v": [10, 20, 30]})
    with pytest.raises(ValueError, match="key 1 comes more than once in the external table"):
        joined(FRAME, ["item"], table, on="item")
    assert joined(FRAME, ["item"], table, on="item", drop_duplicates_ext=True)["v"] == [20, 10, None, None, 10]


def test_the_table_is_saved_with_the_workflow(tmp_path: Path) -> None:
    node = ["item"] >> JoinExternal(ITEMS, on="item", on_ext="id") >> Categorify()
    workflow = Workflow(node).fit(FRAME)
    workflow.save(tmp_path / "workflow", statistics=True)
    loaded = Workflow.load(tmp_path / "workflow")
    assert loaded.transform(FRAME).equals(workflow.transform(FRAME))
    loaded.update(FRAME)  # the table stays
    with pytest.raises(ValueError, match="JoinExternal has no table; give it as df_ext"):
        loaded.fit(FRAME)
    other = Workflow(["item"] >> JoinExternal(ITEMS.with_columns(price=1.0), on="item", on_ext="id") >> Categorify())
    with pytest.raises(ValueError, match="made by another workflow"):
        other.finalize(loaded.statistics)  # type: ignore[arg-type]


def test_a_file_is_read_when_fitted(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    ITEMS.write_parquet(path)
    workflow = Workflow(["item"] >> JoinExternal(path, on="item", on_ext="id"))
    ITEMS.with_columns(name=pl.lit("new")).write_parquet(path)
    workflow.fit(FRAME).save(tmp_path / "workflow")
    path.unlink()
    found = Workflow.load(tmp_path / "workflow").transform(FRAME)
    assert found["name"].to_list() == ["new", "new", None, "new", "new"]


def test_parts_need_not_hold_events() -> None:
    workflow = Workflow(["item"] >> JoinExternal(ITEMS, on="item", on_ext="id"))
    workflow.finalize(Statistics.merge([workflow.partial(FRAME, weight=0), workflow.partial(FRAME)]))
    assert workflow.transform(FRAME).height == 5


def test_types_are_those_of_the_schema() -> None:
    table = pl.DataFrame({"item": [1], "t": pl.Series([datetime(2024, 1, 1)], dtype=pl.Datetime("ns"))})
    workflow = Workflow(["item"] >> JoinExternal(table, on="item")).fit(FRAME)
    assert workflow.output_schema.polars_schema == workflow.transform(FRAME).schema


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"how 'inner', expected 'left'; take left, and drop rows .* Filter"):
        JoinExternal(ITEMS, on="id", how="inner")
    with pytest.raises(ValueError, match="as many of one as of the other"):
        JoinExternal(ITEMS, on=["item", "day"], on_ext="id")
    with pytest.raises(ValueError, match="no column 'item'; it has id, price, name"):
        JoinExternal(ITEMS, on="item")
    with pytest.raises(ValueError, match="adds column 'price', which is there"):
        ["id", "price"] >> JoinExternal(ITEMS, on="id")
    with pytest.raises(ValueError, match=r"column 'v' of the external table is of type List\(Int64\)"):
        JoinExternal(pl.DataFrame({"item": [1], "v": [[1]]}), on="item")
    with pytest.raises(ValueError, match="joins single keys, and column 'item' is of type List"):
        joined(pl.DataFrame({"item": [[1]]}), ["item"], ITEMS, on="item", on_ext="id")
    with pytest.raises(ValueError, match="has no table"):
        JoinExternal(on="item")
