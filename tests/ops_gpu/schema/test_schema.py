from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ops_gpu.schema.column import ColumnSchema, Domain, embedding_dimension
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


def example() -> Schema:
    return Schema(
        [
            ColumnSchema("user_id", "int64", frozenset({Tags.USER_ID, Tags.USER})),
            ColumnSchema("genres", "string", frozenset({Tags.ITEM, Tags.CATEGORICAL}), is_list=True),
            ColumnSchema("price", "float32", frozenset({Tags.ITEM}), {"unit": "€"}, domain=Domain(0, 10, "price")),
        ]
    )


def test_json_round_trip(tmp_path: Path) -> None:
    example().save(tmp_path / "schema.json")
    loaded = Schema.load(tmp_path / "schema.json")
    assert loaded == example()
    assert loaded["price"].properties == {"unit": "€"}
    assert [path.name for path in tmp_path.iterdir()] == ["schema.json"]


def test_a_file_of_something_else_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text('{"columns": [{"dtype": "int64"}]}')
    with pytest.raises(ValueError, match=r"schema\.json is not a schema"):
        Schema.load(tmp_path / "schema.json")


def test_selection_keeps_order_and_names_what_is_missing() -> None:
    schema = example()
    assert schema.select_by_tag([Tags.USER_ID, Tags.CATEGORICAL]).names == ["user_id", "genres"]
    assert schema.select_by_tag([Tags.ITEM, Tags.CATEGORICAL], every=True).names == ["genres"]
    assert schema.excluding(["user_id"]).names == ["genres", "price"]
    assert schema.excluding_by_tag(Tags.ITEM).names == ["user_id"]
    assert schema.select_by_name(["price", "user_id"]).names == ["price", "user_id"]
    assert schema.first(Tags.ITEM).name == "genres"
    assert schema.select_by_type("string").names == ["genres"]
    assert schema.select_by_type(["int64", "float32"]).names == ["user_id", "price"]
    with pytest.raises(ValueError, match="no type 'text'"):
        schema.select_by_type("text")
    with pytest.raises(KeyError, match=r"no column 'colour'.*user_id, genres, price"):
        schema.select_by_name("colour")
    with pytest.raises(KeyError, match="target"):
        schema.first(Tags.TARGET)


def test_adding_schemas() -> None:
    other = Schema([ColumnSchema("age", "int32"), example()["price"]])
    assert (example() + other).names == ["user_id", "genres", "price", "age"]
    with pytest.raises(ValueError, match="'price' differs"):
        example() + Schema([ColumnSchema("price", "int32")])
    with pytest.raises(ValueError, match="'a' comes twice"):
        Schema([ColumnSchema("a"), ColumnSchema("a")])


def test_with_methods_leave_the_original() -> None:
    column = ColumnSchema("a", "int64")
    changed = column.with_tags([Tags.ID]).with_properties({"x": 1}).with_domain(Domain(0, 4)).with_name("b")
    assert (column.tags, column.properties, column.domain, column.name) == (frozenset(), {}, None, "a")
    assert changed.tags == {Tags.ID}
    assert changed.cardinality == 5
    assert changed.without_tags([Tags.ID]).tags == frozenset()


def test_from_polars_and_back() -> None:
    frame = pl.DataFrame(
        {"i": [1], "s": ["a"], "l": [["a"]], "t": [None], "d": [0]},
        schema={
            "i": pl.Int64,
            "s": pl.Categorical,
            "l": pl.List(pl.Int32),
            "t": pl.Datetime("ms"),
            "d": pl.Date,
        },
        strict=False,
    )
    schema = Schema.from_polars(frame, {"i": [Tags.USER_ID]})
    assert [(c.dtype, c.is_list) for c in schema] == [
        ("int64", False),
        ("string", False),
        ("int32", True),
        ("datetime", False),
        ("date", False),
    ]
    assert schema["i"].tags == {Tags.USER_ID}
    assert schema["l"].tags == {Tags.LIST}
    assert schema["l"].polars_dtype == pl.List(pl.Int32)
    assert schema["s"].numpy_dtype == np.dtype("S")


def test_odd_types_are_named() -> None:
    with pytest.raises(ValueError, match="column 'a' is of type Struct"):
        Schema.from_polars(pl.DataFrame({"a": [{"x": 1}]}))
    with pytest.raises(ValueError, match="column 'a' has dtype 'int128'"):
        ColumnSchema("a", "int128")


@pytest.mark.parametrize(("cardinality", "width"), [(1, 8), (10, 8), (3_000, 16), (50_000, 32), (10**12, 512)])
def test_embedding_dimension(cardinality: int, width: int) -> None:
    assert embedding_dimension(cardinality) == width


def test_a_column_is_categorical_or_continuous() -> None:
    column = ColumnSchema("a", "int64", frozenset({Tags.CATEGORICAL, Tags.USER}))
    assert column.with_tags([Tags.CONTINUOUS]).tags == {Tags.CONTINUOUS, Tags.USER}
    assert column.with_tags(["continuous"]).with_tags([Tags.CATEGORICAL]).tags == column.tags
    assert column.with_tags([Tags.ITEM]).tags == {Tags.CATEGORICAL, Tags.USER, Tags.ITEM}
