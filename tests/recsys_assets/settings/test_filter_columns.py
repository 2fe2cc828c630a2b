from __future__ import annotations

from itertools import product
from typing import Any, get_args

import polars as pl
import pytest

from ops_gpu.logs import EntityTable
from ops_gpu.logs.files.source import LogSource
from ops_gpu.primitives.setting_error import SettingError
from ops_gpu.schema.schema import Schema
from recsys_assets.settings.filter_columns import check_filters, declared, read
from serving.operators.base import Need
from serving.operators.filtering.filter_candidates import FilterCandidates
from serving.rules.condition import Comparison, Condition

TABLE = EntityTable(LogSource("a.csv"), "id", categorical=["kind"], continuous=["price"], lists=["tags"])
TYPES: dict[str, list[pl.DataType]] = {
    "title": [pl.String()],
    "kind": [pl.String(), pl.Int64()],
    "price": [pl.Float64()],
    "tags": [pl.List(pl.String()), pl.List(pl.Int64())],
}
SIDES: list[dict[str, Any]] = [
    {"value": 1},
    {"value": "a"},
    {"value": [1]},
    {"value": ["a"]},
    {"user": "kind"},
    {"user": "price"},
    {"user": "tags"},
    {"request": "q"},
]


def conditions() -> list[Condition]:
    """Every condition that can be written of one column and one other side."""
    found = []
    for item, comparison, side in product(TYPES, get_args(Comparison), SIDES):
        try:
            found.append(Condition("f", item, comparison, **side))
        except ValueError:
            continue
    return found


def served(condition: Condition, item: pl.DataType, user: pl.DataType | None) -> bool:
    """Whether the operator that filters takes the columns."""
    try:
        rules = FilterCandidates(
            conditions=(condition.to_dict(),),
            attributes=Schema.from_polars(pl.Schema({condition.item: item})).to_dict(),
        )
    except ValueError:
        return False
    wanted: list[Need] = [need for need in rules.needs() if need.column == condition.user]
    column = Schema.from_polars(pl.Schema({"u": user}))["u"] if user is not None else None
    return all(column and need.is_list == column.is_list and column.dtype in need.dtypes for need in wanted)


def test_what_is_taken_is_what_can_be_served() -> None:
    """With every type that a column of its section may get: refused is what none of them could answer."""
    known = declared(TABLE)
    taken = 0
    for condition in conditions():
        users = [None] if condition.user is None else TYPES[condition.user]
        pairs = list(product(TYPES[condition.item], users))
        can = {pair: served(condition, *pair) for pair in pairs}
        for (item, user), right in can.items():
            own = {} if user is None else read({str(condition.user): user})
            assert accepted(condition, own, read({condition.item: item})) == right, (condition, item, user)
        assert accepted(condition, known, known) == any(can.values()), condition
        taken += any(can.values())
    assert 40 < taken < len(conditions())


def accepted(condition: Condition, users: Any, items: Any) -> bool:
    try:
        check_filters([condition], users, items)
    except SettingError:
        return False
    return True


@pytest.mark.parametrize("side", ["item", "user"])
def test_a_column_that_a_table_does_not_have_yet_is_told(side: str) -> None:
    known = declared(TABLE)
    less = {name: column for name, column in known.items() if name != "kind"}
    tables = (known, less) if side == "item" else (less, known)
    with pytest.raises(SettingError, match=f"'kind', which the {side}s table did not have .* materialize {side}s"):
        check_filters([Condition("same", "kind", "equals", user="kind")], *tables)


@pytest.mark.parametrize(("first", "second"), [("price", "title"), ("price", "kind"), ("tags", "price")])
def test_one_request_column_is_of_one_type(first: str, second: str) -> None:
    known = declared(TABLE)
    filters = [
        Condition(item, item, "contains" if item == "tags" else "equals", request="q") for item in (first, second)
    ]
    with pytest.raises(SettingError, match="both read 'q' of the request") as caught:
        check_filters(filters, known, known)
    assert caught.value.keys == ("serving", "filters", "1", "request")
    alike = [Condition(name, name, "equals", request="q") for name in ("kind", "title")]
    check_filters(alike, known, known)  # texts, as far as is known yet
    with pytest.raises(SettingError, match="the one as int64, the other as string"):
        check_filters(alike, {}, read({"kind": pl.Int64(), "title": pl.String()}))
