from __future__ import annotations

from typing import Any

import pytest

from ops_gpu.schema.column import ColumnSchema
from serving.operators.filtering.condition_types import check_item, context_column, needs
from serving.rules.condition import Condition


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"value": 1, "user": "age"}, "and not both"),
        ({}, "give it a value, or a user or request column"),
        ({"name": "", "value": 1}, "give it both"),
        ({"comparison": "in", "value": 3}, "in takes a list"),
        ({"comparison": "in", "value": []}, "takes texts or numbers"),
        ({"comparison": "in", "value": ["a", 1]}, "texts or numbers, not both"),
        ({"comparison": "equals", "value": [1]}, "equals takes one value"),
        ({"comparison": "above", "value": "1"}, "above takes a number"),
        ({"comparison": "equals", "value": False}, "quote a text that YAML takes for something else"),
        ({"comparison": "above", "value": float("nan")}, "takes a number"),
        ({"comparison": "below", "value": float("inf")}, "takes a number"),
        ({"comparison": "in", "value": [1, 2**63]}, "takes texts or numbers"),
        ({"comparison": "not_in", "request": "authors"}, "one value and no list"),
    ],
)
def test_what_makes_no_sense_is_said(parts: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Condition(**{"name": "rule", "item": "price", "comparison": "above", **parts})


@pytest.mark.parametrize(
    ("condition", "item", "reason"),
    [
        (Condition("r", "x", "equals", value="a"), ColumnSchema("x", "string", is_list=True), "compare a list by"),
        (Condition("r", "x", "contains", value="a"), ColumnSchema("x", "string"), "as only a list can"),
        (Condition("r", "x", "above", user="y"), ColumnSchema("x", "string"), "a number; list the column under"),
        (Condition("r", "x", "equals", value="a"), ColumnSchema("x", "int64"), "write the constant as numbers"),
        (Condition("r", "x", "in", value=[3]), ColumnSchema("x", "string"), "write the constant as texts"),
    ],
)
def test_a_condition_must_fit_its_item_column(condition: Condition, item: ColumnSchema, reason: str) -> None:
    with pytest.raises(ValueError, match=rf"'x', .* {item.dtype} an item.*{reason}"):
        check_item(condition, item)


def test_columns_are_needed_in_types_that_can_be_compared() -> None:
    (own, asked) = needs(Condition("r", "x", "contains", user="u", request="c"), ColumnSchema("x", "string"))
    assert (own.column, own.dtypes, own.is_list) == ("u", ("string",), False)
    assert (asked.column, asked.dtypes) == ("context_c", ("string",))
    (listed,) = needs(Condition("r", "x", "not_in", user="u"), ColumnSchema("x", "int64"))
    assert listed.is_list and "int64" in listed.dtypes and "string" not in listed.dtypes
    number = Condition("r", "x", "at_most", request="c")
    assert context_column(number, ColumnSchema("x", "float64")).dtype == "float64"
    assert context_column(number, ColumnSchema("x", "int64")).dtype == "int64"


def test_saying_it_in_json_leaves_out_what_is_usual() -> None:
    condition = Condition("age", "limit", "at_most", user="age", unknown_user="remove")
    said = condition.to_dict()
    assert said == {
        "name": "age",
        "item": "limit",
        "comparison": "at_most",
        "user": "age",
        "unknown_user": "remove",
    }
    assert Condition(**said) == condition
